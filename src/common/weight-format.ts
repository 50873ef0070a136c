// Number formats in which the weights of matrix products and convolutions lie on the GPU. Everything else (norms, biases, embeddings)
// is float16 in all of them; engine/quantise-graph.ts has the rule. docs/quantisation.md says what each costs and saves.

/**
 * - `f16`: float16
 * - `q8`: signed bytes, with a float16 scale for each block of inputs
 * - `q4`: 0 to 15, with a float16 scale and a float16 minimum for each block of inputs
 */
export const WEIGHT_FORMATS = ["f16", "q8", "q4"] as const;

export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

export type QuantisedFormat = Exclude<WeightFormat, "f16">;

/** By component, such as `unet`. */
export type ComponentFormats = Readonly<Record<string, WeightFormat>>;

/** What a person may ask for: the model's own weights (`published`), as its files or the catalogue have them, or quantised as they load. */
export const WEIGHT_CHOICES = ["published", "q8", "q4"] as const;

export type WeightChoice = (typeof WEIGHT_CHOICES)[number];

/** What an engine may be asked for: `fitting` is the model's own where memory suffices for that, else the larger format that fits. */
export type AskedWeights = WeightFormat | WeightChoice | "fitting";

/** Inputs of one output that share a scale. */
export const BLOCK_INPUTS = 32;
