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
  #lapped: Timings = { load: 0, compile: 0, encode: 0, denoise: [], decode: 0 };

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
    return { ...this.#spent, denoise: [...this.#steps] };
  }

  /** What was spent since it was called last. */
  lap(): Timings {
    const [now, before] = [this.timings(), this.#lapped];
    this.#lapped = now;
    return {
      load: now.load - before.load,
      compile: now.compile - before.compile,
      encode: now.encode - before.encode,
      denoise: now.denoise.slice(before.denoise.length),
      decode: now.decode - before.decode,
    };
  }
}

/** What each of several pictures took of what was done for all of them. */
export function shareOf({ load, compile, encode, denoise, decode }: Timings, pictures: number): Timings {
  const share = (ms: number): number => ms / pictures;
  return { load: share(load), compile: share(compile), encode: share(encode), denoise: denoise.map(share), decode: share(decode) };
}

/** What was done for all, and then for one alone: it took all steps before that. */
export function sumOf(shared: Timings, own: Omit<Timings, "denoise">): Timings {
  return {
    load: shared.load + own.load,
    compile: shared.compile + own.compile,
    encode: shared.encode + own.encode,
    denoise: shared.denoise,
    decode: shared.decode + own.decode,
  };
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
