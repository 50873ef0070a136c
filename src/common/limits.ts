// The bounds that every recipe is held to. A model's own bounds (its largest step count, the stride of its
// sizes) are narrower, and are held where the model is known (pipeline/fit.ts).

/** A text encoder reads 75 tokens of a text, and more only row by row where asked: what is cut off here lies a dozen rows beyond. */
export const MAX_PROMPT_CHARACTERS = 10_000;

/** Folders have names of up to 255 bytes on most systems. */
export const MAX_MODEL_CHARACTERS = 255;

export const MAX_STEPS = 8;

/** Pixels on a side. */
export const MIN_SIDE = 16;
export const MAX_SIDE = 2048;

/** Seeds are unsigned 64-bit. */
export const MAX_SEED = 2n ** 64n - 1n;
