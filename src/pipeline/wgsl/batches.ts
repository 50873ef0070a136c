// How many pictures are denoised together: as many as the adapter gains by, as there is room for, and as do not keep somebody waiting.
import type { SteeringMethod } from "../../common/steering";
import type { Size } from "../engine";
import type { MemoryTurns } from "./memory-turns";

/**
 * Who waits longer than this for a step would rather see one picture sooner. A step reports nothing, and silence is taken for a stall in
 * the end.
 */
const MOST_STEP_MS = 5_000;

export class Batches {
  readonly #memory: Pick<MemoryTurns, "together">;
  readonly #gains: boolean;
  readonly #mostStepMs: number;
  /** Of one picture, for each pixel; undefined until one was drawn. */
  #stepMs: number | undefined;
  #isFull = false;

  /** @param gains whether the adapter gains from batches */
  constructor(memory: Pick<MemoryTurns, "together">, gains: boolean, mostStepMs = MOST_STEP_MS) {
    this.#memory = memory;
    this.#gains = gains;
    this.#mostStepMs = mostStepMs;
  }

  /** At most `wanted`, and at least one. */
  of(wanted: number, method: SteeringMethod, { width, height }: Size): number {
    if (!this.#gains || this.#isFull) return 1;
    return this.#memory.together(Math.min(wanted, this.#inTime(width * height)), method);
  }

  #inTime(pixels: number): number {
    if (this.#mostStepMs === Infinity) return Infinity;
    // The first picture of all tells how long one takes.
    return this.#stepMs === undefined ? 1 : Math.max(1, Math.floor(this.#mostStepMs / (pixels * this.#stepMs)));
  }

  /** Tells what a step took. */
  took(ms: number, batch: number, { width, height }: Size): void {
    this.#stepMs = ms / batch / (width * height);
  }

  /** None any more: the GPU has turned out to have less memory than is planned with. */
  stop(): void {
    this.#isFull = true;
  }
}
