// One network of a checkpoint on the GPU: its weights, uploaded once, and its plans,
// one a shape, all sharing them. Weights can be evicted to make room for another
// network; the next plan asked for brings them back.
import { checkTensors } from "../checkpoints/check-tensors";
import type { TensorReader } from "../checkpoints/tensor-reader";
import type { Device } from "../engine/device";
import { fuseGraph } from "../engine/fuse";
import type { Graph } from "../engine/graph";
import { GraphBuilder } from "../engine/graph-builder";
import { Plan } from "../engine/plan";
import type { NumberFormat } from "../engine/tensor";
import { checkpointTensors, Weights } from "../engine/weights";
import { throwIfCancelled } from "../common/errors";

export interface NetworkOptions {
  /** For progress and messages: "unet". */
  readonly name: string;
  readonly format: NumberFormat;
  readonly open: (signal?: AbortSignal) => Promise<TensorReader>;
  /** Checkpoint tensors the graphs may leave unread. */
  readonly unused: readonly RegExp[];
}

export interface NetworkHooks {
  readonly signal?: AbortSignal;
  /** Share of this network's weights on the GPU, 0 to 1. */
  readonly onWeights?: (share: number) => void;
  readonly onPipeline?: (ready: number, total: number) => void;
  /** Accounts for time spent on behalf of a stage. */
  readonly time?: <T>(stage: "load" | "compile", work: () => Promise<T>) => Promise<T>;
}

/** Plans kept for going back to a size; the oldest unused is dropped. */
const KEPT_PLANS = 3;

export class Network {
  readonly #device: Device;
  readonly #options: NetworkOptions;
  readonly #plans = new Map<string, Plan>();
  #reader: Promise<TensorReader> | undefined;
  #weights: Weights | undefined;

  constructor(device: Device, options: NetworkOptions) {
    this.#device = device;
    this.#options = options;
  }

  /** Bytes of weights on the GPU. */
  get byteLength(): number {
    return this.#weights?.byteLength ?? 0;
  }

  /**
   * The plan of the graph that `build` makes, compiled on first use of `key`.
   * @throws OnestrokeError `model-corrupt`, `model-missing`, `gpu-unsupported`, `gpu-out-of-memory`, `gpu-lost`, `cancelled`
   */
  async plan(key: string, build: (g: GraphBuilder) => void, hooks: NetworkHooks): Promise<Plan> {
    const known = this.#plans.get(key);
    if (known) {
      this.#plans.delete(key);
      this.#plans.set(key, known);
      return known;
    }
    const builder = new GraphBuilder();
    build(builder);
    const plan = await this.#compile(builder.build(), hooks);
    this.#plans.set(key, plan);
    for (const [oldKey, old] of this.#plans) {
      if (this.#plans.size <= KEPT_PLANS) break;
      this.#plans.delete(oldKey);
      old.destroy();
    }
    return plan;
  }

  /** Frees the GPU memory of weights and plans. */
  evict(): void {
    for (const plan of this.#plans.values()) plan.destroy();
    this.#plans.clear();
    this.#weights?.evict();
    this.#weights = undefined;
  }

  async #compile(source: Graph, hooks: NetworkHooks): Promise<Plan> {
    const graph = fuseGraph(source);
    const { open, unused, format, name } = this.#options;
    // Before the first byte, so that whoever waits knows what for.
    if (!this.#weights) hooks.onWeights?.(0);
    this.#reader ??= open(hooks.signal);
    const reader = await this.#reader.catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
    throwIfCancelled(hooks.signal);
    // Of the whole network: what the outputs in use do not need is neither missing nor surplus.
    checkTensors(reader, checkpointTensors(source), unused, name);
    const weights = (this.#weights ??= new Weights(this.#device, { stream: (shapes, signal) => reader.stream(shapes.keys(), signal) }));
    const time = hooks.time ?? ((_stage, work) => work());
    await time("load", () =>
      weights.load(graph, ({ loadedBytes, totalBytes }) => hooks.onWeights?.(loadedBytes / totalBytes), hooks.signal),
    );
    return time("compile", () =>
      Plan.compile(this.#device, graph, weights, {
        format,
        ...(hooks.signal ? { signal: hooks.signal } : {}),
        ...(hooks.onPipeline ? { onPipeline: hooks.onPipeline } : {}),
      }),
    );
  }
}
