// The bounds that hold for every recipe. A model's own bounds (its largest step count, the stride of its
// sizes) are narrower, and are checked where the model is known (pipeline/fit.ts).

/** Rows of 75 tokens that a text may fill. A denoiser reads all of them in every step. */
export const MOST_TEXT_ROWS = 8;

/** So many rows hold about 3,000 characters of English. */
export const MAX_PROMPT_CHARACTERS = 10_000;

/** Most file systems allow folder names of up to 255 bytes. */
export const MAX_MODEL_CHARACTERS = 255;

export const MAX_STEPS = 8;

/** Over one model. */
export const MOST_LORAS = 16;

/** People use weights from -1 to 2. */
export const MAX_LORA_WEIGHT = 4;

/** One after another, on the way from one seed to another. */
export const MOST_VARIATIONS = 8;

/** Pictures that are denoised together. Four keep a GPU busy; with more the first comes later, and nothing is gained. */
export const MOST_TOGETHER = 4;

/** Pixels on a side. */
export const MIN_SIDE = 16;
export const MAX_SIDE = 2048;

/** Seeds are unsigned 64-bit. */
export const MAX_SEED = 2n ** 64n - 1n;
