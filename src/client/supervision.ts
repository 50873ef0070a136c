// How long the supervisor waits for the worker before it gives up on it.

/**
 * The supervisor's patience. Everything is counted in ticks of one timer and not in elapsed time, so that
 * a laptop that slept for an hour, or a tab that is throttled to a tick a minute, has missed nothing.
 */
export interface Supervision {
  readonly tickMs: number;
  /** Ticks without a word of the worker, after which it is dead or stuck in a loop. They are not counted while ONNX Runtime computes. */
  readonly silentTicks: number;
  /** The same before its first word: its script may come over a slow line, or start on a machine that has no time for it. */
  readonly startingTicks: number;
  /** Ticks of a running call without any progress, after which what computes hangs, or the network does. */
  readonly stalledTicks: number;
  /**
   * The same of ONNX Runtime once its files are there. It says nothing while it compiles for the GPU or computes a step, which takes
   * minutes where the processor stands in for a GPU.
   */
  readonly quietTicks: number;
  /** Ticks a cancelled call may take to stop. */
  readonly ticksToCancel: number;
  /** Deaths in a row after which a call is no longer repeated without the user asking. */
  readonly deathsBeforeGivingUp: number;
  /** The pauses before a worker is spawned after the first death in a row, after the second, and so on. */
  readonly backoffMs: readonly number[];
}

export const SUPERVISION: Supervision = {
  tickMs: 2_000,
  silentTicks: 8,
  startingTicks: 45,
  stalledTicks: 60,
  quietTicks: 300,
  ticksToCancel: 10,
  deathsBeforeGivingUp: 3,
  backoffMs: [0, 250, 1_000, 4_000],
};
