// One network of a checkpoint on the GPU: its weights, uploaded once, and its plans,
// one for each shape, which all share the weights. Weights can be evicted to make room for another
// network; the next request for a plan brings them back.
import { checkTensors } from "../../checkpoints/check-tensors";
import { componentBytes, openComponent, type Component } from "../../checkpoints/manifest";
import type { StreamedTensor, TensorReader, WantedInRuns } from "../../checkpoints/tensor-reader";
import type { StoredPieces, UploadMemory } from "../../common/stored-pieces";
import type { WeightFormat } from "../../common/weight-format";
import type { Device } from "../../engine/device";
import { fuseGraph } from "../../engine/fuse";
import type { Graph } from "../../engine/graph";
import { GraphBuilder } from "../../engine/graph-builder";
import { Plan } from "../../engine/plan";
import { quantiseGraph } from "../../engine/quantise-graph";
import { fitGraph } from "../../engine/strips/fit-graph";
import type { NumberFormat } from "../../engine/tensor";
import { tunePlan, type TuneOptions } from "../../engine/tune";
import type { Tuning } from "../../engine/tuning";
import { checkpointTensors, Weights } from "../../engine/weights";
import type { Work } from "../work";

export interface NetworkNumbers {
  /** Of activations. */
  readonly format: NumberFormat;
  /** Of the weights that may have it (engine/quantise-graph.ts). Absent: what most of them are stored in. */
  readonly weights?: WeightFormat | undefined;
}

export interface NetworkOptions extends NetworkNumbers {
  /** For progress and messages: "unet". */
  readonly name: string;
  readonly component: Component;
  /** Checkpoint tensors the graphs may leave unread. */
  readonly unused: readonly RegExp[];
}

type Build = (g: GraphBuilder) => void;

/** A plan is for one picture, or for several at once. */
export type PlanKind = "single" | "batch";

interface KeptPlan {
  readonly plan: Plan;
  readonly build: Build;
  readonly kind: PlanKind;
}

/**
 * How many plans of each kind are kept for going back to a size. The one unused for longest is dropped; batches drop none for one picture.
 */
const KEPT_PLANS = { single: 3, batch: 2 } as const satisfies Record<PlanKind, number>;

export class Network {
  readonly #device: Device;
  #options: NetworkOptions;
  #format: NumberFormat;
  /** Larger intermediate tensors are computed in strips. */
  #arenaBytes = 2 ** 30;
  /** The one that was used last is the last. */
  readonly #plans = new Map<string, KeptPlan>();
  #reader: Promise<TensorReader> | undefined;
  #weights: Weights | undefined;
  /** Whether what is on the GPU is not what the files hold. */
  #isStale = false;
  /** Of the plan that was used last. */
  #tuned: readonly string[] = [];
  /** Hears the share of the weights that have come, 0 to 1, of the load that runs. */
  #onShare: ((share: number) => void) | undefined;

  constructor(device: Device, options: NetworkOptions) {
    this.#device = device;
    this.#options = options;
    this.#format = options.format;
  }

  /** Its component's. */
  get name(): string {
    return this.#options.name;
  }

  /** Bytes of weights on the GPU. */
  get byteLength(): number {
    return this.#weights?.byteLength ?? 0;
  }

  /** The name of its component, and the number format of its weights on the GPU. @throws OnestrokeError as `openComponent` */
  async weightFormat(signal?: AbortSignal): Promise<readonly [name: string, weights: WeightFormat]> {
    const { name, weights, component } = this.#options;
    return [name, weights ?? component.weightFormat ?? (await this.#files(signal)).weightFormat];
  }

  /**
   * The plan of the graph that `build` makes, compiled on first use of `key`.
   * @throws OnestrokeError `model-corrupt`, `model-missing`, `gpu-unsupported`, `gpu-out-of-memory`, `gpu-lost`, `cancelled`
   */
  async plan(key: string, build: Build, work: Work, kind: PlanKind = "single"): Promise<Plan> {
    // The reading of new files ended in another network's failure.
    if (this.#isStale) this.evict();
    const known = this.#plans.get(key);
    if (known) {
      this.#plans.delete(key);
      this.#plans.set(key, known);
      this.#tuned = known.plan.tuned;
      return known.plan;
    }
    const builder = new GraphBuilder();
    build(builder);
    const plan = await this.#compile(builder.build(), work);
    this.#plans.set(key, { plan, build, kind });
    this.#tuned = plan.tuned;
    const alike = [...this.#plans].filter(([, other]) => other.kind === kind);
    for (const [oldKey, old] of alike.slice(0, -KEPT_PLANS[kind])) {
      this.#plans.delete(oldKey);
      old.plan.destroy();
    }
    return plan;
  }

  /** How the plan that was used last computes products otherwise than by the tile table, as `Plan.tuned`. */
  get tuned(): readonly string[] {
    return this.#tuned;
  }

  /** Measures the plan that was used last (engine/tune.ts), if it is on the GPU. @returns what is known then */
  async tune(options: TuneOptions): Promise<Tuning> {
    const last = [...this.#plans.values()].at(-1);
    return last === undefined || this.#weights === undefined ? options.known : tunePlan(last.plan, this.#weights, options);
  }

  /** Drops the plans that do not compute as the device's tuning says by now; the one that was used last is compiled again. */
  async followTuning(work: Work): Promise<void> {
    const last = [...this.#plans].at(-1);
    for (const [key, { plan }] of this.#plans) {
      if (!plan.isOutdated) continue;
      this.#plans.delete(key);
      plan.destroy();
    }
    if (last === undefined) return;
    const [key, { build, kind }] = last;
    await this.plan(key, build, work, kind);
  }

  /** Keeps its weights in this format, before anything of them is loaded. */
  useWeights(weights: WeightFormat): void {
    this.#options = { ...this.#options, weights };
  }

  /** Whether the files have all tensors of the graph that `build` makes. What is wrong with a file is said when it is read for drawing. */
  async has(build: Build, signal?: AbortSignal): Promise<boolean> {
    const builder = new GraphBuilder();
    build(builder);
    const reader = await this.#files(signal).catch(() => undefined);
    return reader !== undefined && [...checkpointTensors(builder.build()).keys()].every((name) => reader.has(name));
  }

  /** Computes in this format from the next plan on. The weights stay as they are. */
  useFormat(format: NumberFormat): void {
    if (format === this.#format) return;
    this.#format = format;
    this.dropPlans();
  }

  /** What intermediate tensors of the next plans may take. Plans that are there stay only if nothing changes. */
  useArena(bytes: number): void {
    if (bytes === this.#arenaBytes) return;
    this.#arenaBytes = bytes;
    this.dropPlans();
  }

  /** Reads another component from now on, of the same network. What is on the GPU stays until `reread`. */
  takeFiles(component: Component): void {
    this.#options = { ...this.#options, component };
    this.#reader = undefined;
    this.#isStale = true;
  }

  /**
   * Reads what is otherwise in the new files than in the ones before. What is not on the GPU is read when it comes back.
   * @throws OnestrokeError as `plan`; then nothing is on the GPU any more, and the next plan brings the new weights
   */
  async reread(changed: ReadonlySet<string>, work: Work): Promise<void> {
    try {
      await this.#open(work);
      await work.time("load", async () => this.#weights?.update(changed, work.signal));
      for (const { plan } of this.#plans.values()) plan.invalidate();
      this.#isStale = false;
    } catch (error) {
      this.evict();
      throw error;
    }
  }

  /** Frees the GPU memory of weights and plans. */
  evict(): void {
    this.#isStale = false;
    this.dropPlans();
    this.#weights?.evict();
    this.#weights = undefined;
  }

  /** Frees the GPU memory of plans; the weights stay. */
  dropPlans(): void {
    for (const { plan } of this.#plans.values()) plan.destroy();
    this.#plans.clear();
  }

  async #compile(source: Graph, work: Work): Promise<Plan> {
    const { component, unused, name } = this.#options;
    const { signal } = work;
    const reading = this.#open(work);
    // It is thrown below, if nothing else fails before.
    reading.catch(() => undefined);
    const [, weightFormat] = await this.weightFormat(signal);
    const graph = fitGraph(quantiseGraph(fuseGraph(source), weightFormat), this.#format, {
      arenaBytes: this.#arenaBytes,
      bufferBytes: this.#device.gpu.limits.maxBufferSize,
    });
    const weights = (this.#weights ??= new Weights(this.#device, { stream: (wanted, memory, stop) => this.#stream(wanted, memory, stop) }));
    // The GPU's compiler works while files arrive and weights come, first on what packs them. What it fails of, `load` or `compile` fails
    // of again.
    const stored = component.storedNumbers ?? (await reading).storedNumbers;
    weights.prepare(graph, stored).catch(() => undefined);
    Plan.prepare(this.#device, graph, { format: this.#format, ...(signal ? { signal } : {}) }).catch(() => undefined);
    const reader = await reading;
    work.throwIfCancelled();
    // The check covers the whole network: a tensor that the current outputs do not need is neither missing nor surplus.
    checkTensors(reader, checkpointTensors(source), unused, name);
    await work.time("load", () => weights.load(graph, signal));
    return work.time("compile", () =>
      Plan.compile(this.#device, graph, weights, {
        format: this.#format,
        ...(signal ? { signal } : {}),
        onPipeline: (pipelines, totalPipelines) => work.say({ stage: "compile", component: name, pipelines, totalPipelines }),
      }),
    );
  }

  /** The component's tensors. What is read of them from now on is told to `work`. */
  #open(work: Work): Promise<TensorReader> {
    const { component, name } = this.#options;
    const totalBytes = componentBytes(component);
    this.#onShare = (share) => work.say({ stage: "load", component: name, loadedBytes: Math.round(share * totalBytes), totalBytes });
    // This is reported before the first byte arrives, so that a waiting user knows what the wait is for.
    if (!this.#weights) this.#onShare(0);
    return this.#files(work.signal);
  }

  #files(signal?: AbortSignal): Promise<TensorReader> {
    const opening = (this.#reader ??= openComponent(this.#options.component, signal));
    return opening.catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
  }

  /** Progress is counted in bytes as they come: on a slow line one read takes minutes. */
  async *#stream(
    wanted: WantedInRuns,
    memory: UploadMemory,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StoredPieces | StreamedTensor> {
    const reader = await this.#files(signal);
    const storedBytes = reader.uploadedBytes(wanted, memory);
    let arrivedBytes = 0;
    const onBytes = (byteLength: number): void => {
      arrivedBytes += byteLength;
      this.#onShare?.(arrivedBytes / storedBytes);
    };
    yield* reader.upload(wanted, { memory, signal, onBytes });
  }
}
