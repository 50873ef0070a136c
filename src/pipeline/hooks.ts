// Where the time of an image goes, and how the stages of a pipeline report progress.
import type { NetworkHooks } from "./network";
import type { PipelineHooks, Timings } from "./request";

type Stage = "load" | "compile" | "encode" | "denoise" | "decode";

/** Adds up milliseconds a stage; denoising keeps one entry a step. Nested stages count once, for the inner one. */
export class StageClock {
  readonly #spent: Record<Exclude<Stage, "denoise">, number> = { load: 0, compile: 0, encode: 0, decode: 0 };
  readonly #steps: number[] = [];
  #inner = 0;

  async time<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    const outerInner = this.#inner;
    this.#inner = 0;
    const started = performance.now();
    try {
      return await work();
    } finally {
      const elapsed = performance.now() - started;
      this.add(stage, elapsed - this.#inner);
      this.#inner = outerInner + elapsed;
    }
  }

  add(stage: Stage, milliseconds: number): void {
    if (stage === "denoise") this.#steps.push(milliseconds);
    else this.#spent[stage] += milliseconds;
  }

  timings(): Timings {
    return { ...this.#spent, denoise: this.#steps };
  }
}

/** A network's hooks in terms of the pipeline's, for the component shown as `component`. */
export function networkHooks(hooks: PipelineHooks, clock: StageClock, component: string, weightBytes: number): NetworkHooks {
  const { signal, onProgress } = hooks;
  return {
    ...(signal ? { signal } : {}),
    onWeights: (share) => onProgress?.({ stage: "load", component, loadedBytes: Math.round(share * weightBytes), totalBytes: weightBytes }),
    onPipeline: (pipelines, totalPipelines) => onProgress?.({ stage: "compile", component, pipelines, totalPipelines }),
    time: (stage, work) => clock.time(stage, work),
  };
}

/** The same hooks for loading a whole model: each component's bytes become the model's, so that one bar fills once. */
export function wholeModel(hooks: PipelineHooks, totalBytes: number): PipelineHooks {
  const { onProgress } = hooks;
  if (onProgress === undefined) return hooks;
  const loaded = new Map<string, number>();
  return {
    ...hooks,
    onProgress: (progress) => {
      if (progress.stage !== "load") {
        onProgress(progress);
        return;
      }
      loaded.set(progress.component, progress.loadedBytes);
      const loadedBytes = [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0);
      onProgress({ ...progress, loadedBytes: Math.min(loadedBytes, totalBytes), totalBytes });
    },
  };
}
