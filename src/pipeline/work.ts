// One piece of work, such as a picture or the loading of a model, as every layer below sees it: whether it is still
// wanted, whom to tell about its progress, and where its time goes.
import type { DrawHooks, Timings } from "../common/drawing";
import { throwIfCancelled } from "../common/errors";
import type { Progress } from "../common/progress";

type Stage = "load" | "compile" | "encode" | "denoise" | "decode";

export class Work {
  readonly signal: AbortSignal | undefined;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  readonly #spent: Record<Exclude<Stage, "denoise">, number> = { load: 0, compile: 0, encode: 0, decode: 0 };
  readonly #steps: number[] = [];
  /** Milliseconds of the current stage that belong to stages within it. */
  #inner = 0;

  constructor({ signal, onProgress }: Pick<DrawHooks, "signal" | "onProgress"> = {}) {
    this.signal = signal;
    this.#onProgress = onProgress;
  }

  say(progress: Progress): void {
    this.#onProgress?.(progress);
  }

  /** @throws OnestrokeError `cancelled` */
  throwIfCancelled(): void {
    throwIfCancelled(this.signal);
  }

  /** Runs `job` and counts its time for a stage. A stage within a stage counts once, for the inner one; each denoising is its own step. */
  async time<T>(stage: Stage, job: () => Promise<T>): Promise<T> {
    const outerInner = this.#inner;
    this.#inner = 0;
    const started = performance.now();
    try {
      return await job();
    } finally {
      const elapsed = performance.now() - started;
      const own = elapsed - this.#inner;
      if (stage === "denoise") this.#steps.push(own);
      else this.#spent[stage] += own;
      this.#inner = outerInner + elapsed;
    }
  }

  timings(): Timings {
    return { ...this.#spent, denoise: this.#steps };
  }
}

/** The work of loading a whole model: the bytes of all components are counted together, so that one bar fills once. */
export function loadingWork({ signal, onProgress }: DrawHooks, totalBytes: number): Work {
  const loaded = new Map<string, number>();
  return new Work({
    signal,
    onProgress: (progress) => {
      if (progress.stage !== "load") {
        onProgress?.(progress);
        return;
      }
      loaded.set(progress.component, progress.loadedBytes);
      const loadedBytes = [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0);
      onProgress?.({ ...progress, loadedBytes: Math.min(loadedBytes, totalBytes), totalBytes });
    },
  });
}
