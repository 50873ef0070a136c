// The bounds every recipe is held to, and the clocks of the worker's supervision.
// A model's own bounds (its largest step count, its size stride) are narrower and are
// checked in the worker, which knows the model.

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

export { STEERING_RANGES } from "./steering-ranges";

/**
 * The supervisor's patience. Everything is counted in ticks of one timer and not in elapsed time:
 * a laptop that slept for an hour, or a tab throttled to a tick a minute, has missed nothing.
 */
export interface Supervision {
  readonly tickMs: number;
  /** Ticks without an answer to a ping: the worker is dead or stuck in a loop. Not counted while WASM computes. */
  readonly silentTicks: number;
  /** Ticks of a running call without any progress: what computes hangs, or the network does. */
  readonly stalledTicks: number;
  /** Ticks a cancelled call may take to stop. */
  readonly ticksToCancel: number;
  /** Deaths in a row after which a call is no longer repeated without the user asking. */
  readonly deathsBeforeGivingUp: number;
  /** Pause before the spawn after the first, second, ... death in a row. */
  readonly backoffMs: readonly number[];
}

export const SUPERVISION: Supervision = {
  tickMs: 2_000,
  silentTicks: 8,
  stalledTicks: 60,
  ticksToCancel: 10,
  deathsBeforeGivingUp: 3,
  backoffMs: [0, 250, 1_000, 4_000],
};
