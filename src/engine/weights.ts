// The weights of one network on the GPU: packed once at load into the layouts of
// `ops.ts`, independent of resolution and tile, shared by every plan of the network,
// evictable and restorable.
import type { Blocks } from "../common/blocks";
import { freeMemory } from "../common/free-memory";
import { withLowRanks, type LowRank } from "../common/low-rank";
import type { WeightFormat } from "../common/weight-format";
import { invariant, OnestrokeError, throwIfCancelled } from "../common/errors";
import { addOnGpu, type PackedPart } from "./add-low-rank";
import type { Device } from "./device";
import { weightId, weightsOf, type Weight } from "./ops";
import type { Graph } from "./graph";
import { roundUp, type Shape } from "./tensor";
import { extents, outputsOf, packBlocks, packedBytes, packWeight, REGION_ALIGNMENT, regionBytes, type RegionBytes } from "./weight-layout";

/** Where a network's parameters come from: the checkpoint reader, or a test's arrays. */
export interface WeightSource {
  /** Every tensor asked for, in the order that suits the source. */
  stream(wanted: ReadonlyMap<string, WantedTensor>, signal?: AbortSignal): AsyncIterable<SourceTensor>;
}

export interface WantedTensor {
  /** In the checkpoint. */
  readonly shape: Shape;
  readonly format: WeightFormat;
}

/** A tensor in the format asked for, float16 bits or blocks, row-major in the checkpoint shape and valid until the next tensor is asked for; and what is yet to be added to float16. */
export type SourceTensor = readonly [key: string, values: Uint16Array<ArrayBuffer> | Blocks, added?: readonly LowRank[]];

interface Placed {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly regions: RegionBytes;
}

const SLAB_BYTES = 256 * 1024 * 1024;
/** Uploads queued before the loader waits for those before them: so the GPU has something to do while the next weights are packed. */
const QUEUED_BYTES = 32 * 1024 * 1024;

export class Weights {
  readonly device: Device;
  readonly source: WeightSource;
  readonly #placed = new Map<string, Placed>();
  readonly #loaded = new Map<string, Weight>();
  readonly #slabs: GPUBuffer[] = [];

  constructor(device: Device, source: WeightSource) {
    this.device = device;
    this.source = source;
  }

  /** Bytes held on the GPU. */
  get byteLength(): number {
    return this.#slabs.reduce((total, slab) => total + slab.size, 0);
  }

  /**
   * Uploads what `graph` needs and is not yet there: all of it, or after a failure nothing.
   * @throws OnestrokeError from the source; `gpu-unsupported` if one weight exceeds a binding; `gpu-out-of-memory`, `gpu-lost`, `cancelled`
   */
  async load(graph: Graph, signal?: AbortSignal): Promise<void> {
    const missing = distinctWeights(graph).filter((weight) => !this.#placed.has(weightId(weight)));
    const { slabs, placed, destroy } = await this.#allocate(missing);
    try {
      await this.#upload(missing, placed, signal);
    } catch (error) {
      destroy();
      throw error;
    }
    this.#slabs.push(...slabs);
    for (const [id, place] of placed) this.#placed.set(id, place);
    for (const weight of missing) this.#loaded.set(weightId(weight), weight);
  }

  /**
   * Uploads loaded weights anew, in their places: plans stay as they are. Weights that are not loaded are left out.
   * @param keys what has changed in the source
   * @throws OnestrokeError as `load`; then some are new and some are not, and all must be evicted
   */
  async update(keys: ReadonlySet<string>, signal?: AbortSignal): Promise<void> {
    const changed = [...this.#loaded.values()].filter((weight) => weight.keys.some((key) => keys.has(key)));
    await this.#upload(changed, this.#placed, signal);
  }

  binding(weight: Weight, region: keyof RegionBytes = "values"): GPUBufferBinding {
    const placed = this.#placed.get(weightId(weight));
    invariant(placed !== undefined, `weight ${weight.keys.join("+")} was not loaded`);
    return bindingOf(placed, region);
  }

  /** Frees the GPU memory; plans of this network must be dropped with it. `load` brings it back. */
  evict(): void {
    for (const slab of this.#slabs) slab.destroy();
    this.#slabs.length = 0;
    this.#placed.clear();
    this.#loaded.clear();
  }

  /** Makes the slabs of `weights` and says where each will lie in them. */
  #allocate(weights: readonly Weight[]) {
    const groups = this.#groupBySlab(weights);
    return this.device.checked(`${weights.reduce((total, weight) => total + packedBytes(weight), 0)} bytes of weights`, () => {
      const slabs: GPUBuffer[] = [];
      const placed = new Map<string, Placed>();
      for (const group of groups) {
        const size = group.reduce((total, weight) => total + roundUp(packedBytes(weight), REGION_ALIGNMENT), 0);
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
        const buffer = this.device.gpu.createBuffer({ label: "weights", size, usage });
        slabs.push(buffer);
        let offset = 0;
        for (const weight of group) {
          placed.set(weightId(weight), { buffer, offset, regions: regionBytes(weight) });
          offset += roundUp(packedBytes(weight), REGION_ALIGNMENT);
        }
      }
      return { slabs, placed, destroy: () => slabs.forEach((slab) => slab.destroy()) };
    });
  }

  async #upload(weights: readonly Weight[], placed: ReadonlyMap<string, Placed>, signal?: AbortSignal): Promise<void> {
    let missing = weights.length;
    let queuedBytes = 0;
    let before: Promise<unknown> = Promise.resolve();
    for await (const { weight, packed, added } of packedWeights(weights, this.source, signal)) {
      throwIfCancelled(signal);
      this.device.assertAlive();
      const place = placed.get(weightId(weight));
      invariant(place !== undefined, "every weight has its place");
      for (const [region, data] of packed) {
        const { buffer, offset } = bindingOf(place, region);
        this.device.gpu.queue.writeBuffer(buffer, offset ?? 0, data);
        queuedBytes += data.byteLength;
      }
      for (const { part, lowRank } of added) await addOnGpu(this.device, bindingOf(place, "values"), part, lowRank);
      missing--;
      if (queuedBytes < QUEUED_BYTES) continue;
      await before;
      before = this.device.gpu.queue.onSubmittedWorkDone();
      // A GPU that is lost is noticed at the next weight.
      before.catch(() => undefined);
      queuedBytes = 0;
    }
    invariant(missing === 0, "the source gave every weight");
  }

  #groupBySlab(weights: readonly Weight[]): readonly (readonly Weight[])[] {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.gpu.limits;
    const slabBytes = Math.min(SLAB_BYTES, maxBufferSize);
    const groups: Weight[][] = [];
    let room = 0;
    for (const weight of weights) {
      const bytes = roundUp(packedBytes(weight), REGION_ALIGNMENT);
      if (bytes > Math.min(slabBytes, maxStorageBufferBindingSize)) {
        throw new OnestrokeError("gpu-unsupported", `weight ${weight.keys.join("+")} of ${bytes} bytes exceeds this GPU's binding limit`);
      }
      if (bytes > room) {
        groups.push([]);
        room = slabBytes;
      }
      groups.at(-1)?.push(weight);
      room -= bytes;
    }
    return groups;
  }
}

/** Every parameter a graph reads, once, with its checkpoint shape. */
export function checkpointTensors(graph: Graph): ReadonlyMap<string, Shape> {
  return new Map([...wantedBy(distinctWeights(graph))].map(([key, { shape }]) => [key, shape]));
}

function wantedBy(weights: readonly Weight[]): ReadonlyMap<string, WantedTensor> {
  const wanted = new Map<string, WantedTensor>();
  for (const { keys, shapes, format = "f16" } of weights) {
    keys.forEach((key, index) => wanted.set(key, { shape: shapes[index] ?? [], format }));
  }
  return wanted;
}

function bindingOf({ buffer, offset, regions }: Placed, region: keyof RegionBytes): GPUBufferBinding {
  const begin = region === "values" ? 0 : roundUp(regions.values, REGION_ALIGNMENT);
  return { buffer, offset: offset + begin, size: regions[region] };
}

function distinctWeights(graph: Graph): readonly Weight[] {
  const byId = new Map<string, Weight>();
  for (const { op } of graph.nodes) for (const weight of weightsOf(op)) byId.set(weightId(weight), weight);
  return [...byId.values()];
}

/** A weight as it is uploaded, and what is added to it there. */
interface PackedWeight {
  readonly weight: Weight;
  readonly packed: readonly (readonly [region: keyof RegionBytes, data: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>])[];
  readonly added: readonly { readonly part: PackedPart; readonly lowRank: LowRank }[];
}

/** Each weight, packed, as soon as the last of its parts has come, and valid until the next one is asked for. */
async function* packedWeights(weights: readonly Weight[], source: WeightSource, signal?: AbortSignal): AsyncGenerator<PackedWeight> {
  const waiting = new Map<string, { readonly weight: Weight; readonly parts: Map<string, SourceTensor> }[]>();
  for (const weight of weights) {
    const waiter = { weight, parts: new Map<string, SourceTensor>() };
    for (const key of weight.keys) waiting.set(key, [...(waiting.get(key) ?? []), waiter]);
  }
  // One piece of memory for all of them: a large network would else leave its whole length in pieces behind it.
  const memory = new Uint16Array(Math.max(0, ...weights.filter(({ format }) => format === undefined).map(packedBytes)) / 2);
  try {
    for await (const tensor of source.stream(wantedBy(weights), signal)) {
      const [key] = tensor;
      for (const { weight, parts } of waiting.get(key) ?? []) {
        parts.set(key, tensor);
        const arrived = weight.keys.flatMap((part) => [parts.get(part)]).filter((part) => part !== undefined);
        if (arrived.length < weight.keys.length) {
          parts.set(key, copyOf(tensor));
          continue;
        }
        yield packedWith(weight, arrived, memory);
        for (const [waited, [, values]] of parts) if (waited !== key && values instanceof Uint16Array) freeMemory(values);
        parts.clear();
      }
    }
  } finally {
    freeMemory(memory);
  }
}

/** float16 is valid only until the next tensor comes. */
function copyOf([key, values, added = []]: SourceTensor): SourceTensor {
  return [key, values instanceof Uint16Array ? values.slice() : values, added];
}

function packedWith(weight: Weight, tensors: readonly SourceTensor[], memory: Uint16Array<ArrayBuffer>): PackedWeight {
  if (weight.format !== undefined) {
    const { values, scales } = packBlocks(weight, tensors.map(blocksOf));
    return {
      weight,
      packed: [
        ["values", values],
        ["scales", scales],
      ],
      added: [],
    };
  }
  if (weight.layout === "vector" || weight.layout === "table") {
    // These are small, or lie otherwise than the kernel expects.
    const sums = tensors.map((tensor) => withLowRanks(halvesOf(tensor), tensor[2] ?? []));
    return { weight, packed: [["values", packWeight(weight, sums, memory)]], added: [] };
  }
  const total = outputsOf(weight);
  let first = 0;
  const added = tensors.flatMap(([, , lowRanks = []], index) => {
    const { n, k, taps } = extents(weight.layout, weight.shapes[index] ?? []);
    const part = { n, first, k, k4: roundUp(k, 4), taps, n4: roundUp(total, 4), half: weight.interleaved ? total / 2 : 0 };
    first += n;
    return lowRanks.map((lowRank) => ({ part, lowRank }));
  });
  return { weight, packed: [["values", packWeight(weight, tensors.map(halvesOf), memory)]], added };
}

function halvesOf([key, values]: SourceTensor): Uint16Array<ArrayBuffer> {
  invariant(values instanceof Uint16Array, `${key} came in blocks`);
  return values;
}

function blocksOf([key, values]: SourceTensor): Blocks {
  invariant(!(values instanceof Uint16Array), `${key} came as float16`);
  return values;
}
