// A plan: one graph compiled for one shape and number format. Everything a run needs
// (pipelines, bind groups, uniforms, arena slabs, staging) is made here, once; `run.ts`
// then only encodes dispatches. Weights belong to the network and are shared.
import { invariant, OnestrokeError } from "../common/errors";
import type { Device } from "./device";
import type { Graph, GraphInput } from "./graph";
import type { KernelTarget } from "./kernel";
import { choiceOf, planGemm } from "./kernels/gemm/plan";
import { fittingLayout, type PlanMemory } from "./plan-memory";
import { bindDispatches, compilePrograms, type PreparedDispatch } from "./prepared";
import { RATES, type RateMask } from "./rates";
import { productsOf, stageGraph, type PlannedProduct } from "./stages";
import { axis, byteLengthOf, product, type NumberFormat, type Tensor } from "./tensor";
import { decodeTensor, encodeTensor, stagingFor, type TensorData } from "./transfer";
import type { Weights } from "./weights";

export interface PlanOptions {
  readonly format: NumberFormat;
  readonly signal?: AbortSignal;
  readonly onPipeline?: (ready: number, total: number) => void;
  /** Overrides what the device says, for tests of small limits and of other adapters' kernels. */
  readonly target?: Partial<KernelTarget>;
}

export class Plan {
  readonly device: Device;
  readonly graph: Graph;
  readonly format: NumberFormat;
  readonly dispatches: readonly PreparedDispatch[];
  readonly memory: PlanMemory;
  /** Its matrix products, and how each is computed. */
  readonly products: readonly PlannedProduct[];
  /** Rates whose inputs changed since the last run was begun. */
  dirty: RateMask = 0;
  /** Stages that have not run to their end since something changed that they depend on. */
  readonly #unfinished: Set<RateMask>;
  /** Inputs whose staging array equals what the GPU holds. */
  readonly #uploaded = new Set<string>();
  readonly #staging = new Map<string, ReturnType<typeof stagingFor>>();
  readonly #readback = new Map<string, GPUBuffer>();

  private constructor(parts: Pick<Plan, "device" | "graph" | "format" | "dispatches" | "memory" | "products">) {
    this.device = parts.device;
    this.graph = parts.graph;
    this.format = parts.format;
    this.dispatches = parts.dispatches;
    this.memory = parts.memory;
    this.products = parts.products;
    this.#unfinished = new Set(this.dispatches.map(({ mask }) => mask));
    for (const [name, { tensor }] of this.graph.inputs) this.#staging.set(name, stagingFor(tensor, this.format));
    for (const [name, tensor] of this.graph.outputs) {
      this.#readback.set(
        name,
        this.device.gpu.createBuffer({
          label: `read ${name}`,
          size: byteLengthOf(tensor, this.format),
          usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
        }),
      );
    }
  }

  /**
   * Has the GPU's compiler begin with what `compile` will ask for, which needs no weights. It ends when that is done.
   * @throws OnestrokeError as `compile`, which fails the same
   */
  static async prepare(device: Device, graph: Graph, options: Pick<PlanOptions, "format" | "signal" | "target">): Promise<void> {
    const target = { ...device.target(options.format), ...options.target };
    await compilePrograms(device, stageGraph(graph, target).dispatches, target, options);
  }

  /**
   * Compiles `graph` for `device`, as it is: fuse it first. Call `weights.load(graph)` before.
   * @throws OnestrokeError `gpu-unsupported` (limits), `gpu-out-of-memory`, `gpu-lost`, `cancelled`
   */
  static async compile(device: Device, graph: Graph, weights: Weights, options: PlanOptions): Promise<Plan> {
    const target = { ...device.target(options.format), ...options.target };
    const stages = stageGraph(graph, target);
    const layout = fittingLayout(device, stages, target);
    const programs = await compilePrograms(device, stages.dispatches, target, options);
    const bytes = layout.slabBytes.reduce((total, size) => total + size, 0);
    return device.checked(`a plan of ${bytes} bytes`, () => {
      const bound = bindDispatches(device, { stages, layout, programs }, weights, target);
      return new Plan({ device, graph, format: options.format, products: productsOf(stages), ...bound });
    });
  }

  /** A line for each shape of product that is computed otherwise than the tile table says. Without any, the outputs are the table's. */
  get tuned(): readonly string[] {
    const lines = this.products.flatMap(({ product }) => {
      if (!product.isTuned) return [];
      const { tile, splits } = choiceOf(product);
      return [`${product.name}: ${tile}/${splits}`];
    });
    return [...new Set(lines)];
  }

  /** By now the device's tuning says otherwise of a product. */
  get isOutdated(): boolean {
    const target = this.device.target(this.format);
    return this.products.some(({ product: { shape, tile, splits } }) => {
      const now = planGemm(shape, target);
      return now.tile !== tile || now.splits !== splits;
    });
  }

  /** Bytes of intermediate tensors. */
  get byteLength(): number {
    return this.memory.byteLength;
  }

  /**
   * Gives one input its values; if they differ from the last ones its rate becomes dirty.
   * `data` is logical: unpadded, channels last.
   */
  write(name: string, data: TensorData): void {
    const { tensor, rate } = this.#input(name);
    const staging = this.#staging.get(name);
    invariant(staging !== undefined, `no staging for ${name}`);
    const changed = encodeTensor(tensor, data, staging);
    if (!changed && this.#uploaded.has(name)) return;
    const { buffer, offset } = this.memory.place(tensor);
    this.device.gpu.queue.writeBuffer(buffer, offset, staging);
    this.#uploaded.add(name);
    this.dirty |= RATES[rate];
  }

  /** Everything runs again: weights have changed. */
  invalidate(): void {
    for (const { mask } of this.dispatches) this.#unfinished.add(mask);
  }

  /** Begins a run. @returns what has to run, in order: whole stages, because within one the dispatches share memory */
  begin(): readonly PreparedDispatch[] {
    for (const { mask } of this.dispatches) if ((mask & this.dirty) !== 0) this.#unfinished.add(mask);
    this.dirty = 0;
    return this.dispatches.filter(({ mask }) => this.#unfinished.has(mask));
  }

  /** A stage was submitted to its end. If the run is cancelled afterwards, the next one does not repeat it. */
  finish(stage: RateMask): void {
    this.#unfinished.delete(stage);
  }

  /** Number of values `write` takes for an input. */
  inputLength(name: string): number {
    return product(this.#input(name).tensor.shape);
  }

  /**
   * Copies an output of `from` to an input of this plan, on the GPU. Shapes and formats must agree, but that the input may be one element
   * of the output's batch.
   */
  copyFrom(from: Plan, output: string, input: string, index = 0): void {
    const { tensor, rate } = this.#input(input);
    const source = from.#output(output);
    const bytes = byteLengthOf(tensor, this.format);
    const sourceBytes = byteLengthOf(source, from.format);
    const isWhole = bytes === sourceBytes && index === 0;
    const isPart = axis(tensor, 0) === 1 && bytes * axis(source, 0) === sourceBytes && index < axis(source, 0);
    invariant(isWhole || isPart, `${output} and ${input} differ in size`);
    const encoder = this.device.gpu.createCommandEncoder();
    const origin = from.memory.place(source);
    const destination = this.memory.place(tensor);
    encoder.copyBufferToBuffer(origin.buffer, origin.offset + index * bytes, destination.buffer, destination.offset, bytes);
    this.device.gpu.queue.submit([encoder.finish()]);
    this.#uploaded.delete(input);
    this.dirty |= RATES[rate];
  }

  /**
   * An output's values after the runs submitted so far.
   * @throws OnestrokeError `gpu-lost`
   */
  async read(name: string): Promise<TensorData> {
    const tensor = this.#output(name);
    const readback = this.#readback.get(name);
    invariant(readback !== undefined, `no readback for ${name}`);
    const { buffer, offset } = this.memory.place(tensor);
    const encoder = this.device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, readback, 0, readback.size);
    this.device.gpu.queue.submit([encoder.finish()]);
    try {
      await readback.mapAsync(GPUMapMode.READ);
    } catch (cause) {
      throw new OnestrokeError("gpu-lost", "the GPU was lost while a result was read", {}, cause);
    }
    this.device.assertAlive();
    const values = decodeTensor(tensor, readback.getMappedRange().slice(0), this.format);
    readback.unmap();
    return values;
  }

  destroy(): void {
    this.memory.destroy();
    for (const buffer of this.#readback.values()) buffer.destroy();
  }

  #input(name: string): GraphInput {
    const input = this.graph.inputs.get(name);
    invariant(input !== undefined, `the graph has no input ${name}`);
    return input;
  }

  #output(name: string): Tensor {
    const tensor = this.graph.outputs.get(name);
    invariant(tensor !== undefined, `the graph has no output ${name}`);
    return tensor;
  }
}
