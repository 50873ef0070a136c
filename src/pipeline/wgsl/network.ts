// One network of a checkpoint on the GPU: its weights, uploaded once, and its plans,
// one for each shape, which all share the weights. Weights can be evicted to make room for another
// network; the next request for a plan brings them back.
import { checkTensors } from "../../checkpoints/check-tensors";
import { componentBytes, openComponent, type Component } from "../../checkpoints/manifest";
import type { TensorReader } from "../../checkpoints/tensor-reader";
import type { Device } from "../../engine/device";
import { fuseGraph } from "../../engine/fuse";
import type { Graph } from "../../engine/graph";
import { GraphBuilder } from "../../engine/graph-builder";
import { Plan } from "../../engine/plan";
import type { NumberFormat } from "../../engine/tensor";
import { checkpointTensors, Weights } from "../../engine/weights";
import type { Work } from "../work";

export interface NetworkOptions {
  /** For progress and messages: "unet". */
  readonly name: string;
  readonly format: NumberFormat;
  readonly component: Component;
  /** Checkpoint tensors the graphs may leave unread. */
  readonly unused: readonly RegExp[];
}

/** How many plans are kept for going back to a size. The one unused for longest is dropped. */
const KEPT_PLANS = 3;

export class Network {
  readonly #device: Device;
  readonly #options: NetworkOptions;
  readonly #plans = new Map<string, Plan>();
  #reader: Promise<TensorReader> | undefined;
  #weights: Weights | undefined;
  /** Hears the share of the weights that have come, 0 to 1, of the load that runs. */
  #onShare: ((share: number) => void) | undefined;

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
  async plan(key: string, build: (g: GraphBuilder) => void, work: Work): Promise<Plan> {
    const known = this.#plans.get(key);
    if (known) {
      this.#plans.delete(key);
      this.#plans.set(key, known);
      return known;
    }
    const builder = new GraphBuilder();
    build(builder);
    const plan = await this.#compile(builder.build(), work);
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

  /** Progress is counted in bytes as they come: on a slow line one read takes minutes. */
  #stream(reader: TensorReader, names: readonly string[], signal: AbortSignal | undefined): ReturnType<TensorReader["stream"]> {
    const storedBytes = reader.storedBytes(names);
    let arrivedBytes = 0;
    return reader.stream(names, signal, (byteLength) => {
      arrivedBytes += byteLength;
      this.#onShare?.(arrivedBytes / storedBytes);
    });
  }

  async #compile(source: Graph, work: Work): Promise<Plan> {
    const graph = fuseGraph(source);
    const { component, unused, format, name } = this.#options;
    const { signal } = work;
    const totalBytes = componentBytes(component);
    const say = (share: number) => work.say({ stage: "load", component: name, loadedBytes: Math.round(share * totalBytes), totalBytes });
    // This is reported before the first byte arrives, so that a waiting user knows what the wait is for.
    if (!this.#weights) say(0);
    this.#reader ??= openComponent(component, signal);
    const reader = await this.#reader.catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
    work.throwIfCancelled();
    // The check covers the whole network: a tensor that the current outputs do not need is neither missing nor surplus.
    checkTensors(reader, checkpointTensors(source), unused, name);
    this.#onShare = say;
    const weights = (this.#weights ??= new Weights(this.#device, {
      stream: (shapes, stop) => this.#stream(reader, [...shapes.keys()], stop),
    }));
    // The GPU's compiler works while the weights come. What it fails of, `compile` fails of again.
    Plan.prepare(this.#device, graph, { format, ...(signal ? { signal } : {}) }).catch(() => undefined);
    await work.time("load", () => weights.load(graph, signal));
    return work.time("compile", () =>
      Plan.compile(this.#device, graph, weights, {
        format,
        ...(signal ? { signal } : {}),
        onPipeline: (pipelines, totalPipelines) => work.say({ stage: "compile", component: name, pipelines, totalPipelines }),
      }),
    );
  }
}
