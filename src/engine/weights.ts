// The weights of one network on the GPU: packed once at load into the layouts of
// `ops.ts`, independent of resolution and tile, shared by every plan of the network,
// evictable and restorable. Always float16.
import { freeMemory } from "../common/free-memory";
import { withLowRanks, type LowRank } from "../common/low-rank";
import { invariant, OnestrokeError, throwIfCancelled } from "../common/errors";
import { addOnGpu, type PackedPart } from "./add-low-rank";
import type { Device } from "./device";
import { weightId, weightsOf, type Weight } from "./ops";
import type { Graph } from "./graph";
import { product, roundUp, type Shape } from "./tensor";
import { transposeInto } from "./transpose";

/** Where a network's parameters come from: the checkpoint reader, or a test's arrays. */
export interface WeightSource {
  /** Every tensor asked for, in the order that suits the source. */
  stream(shapes: ReadonlyMap<string, Shape>, signal?: AbortSignal): AsyncIterable<SourceTensor>;
}

/** float16 bits, row-major in the checkpoint shape and valid until the next tensor is asked for, and what is added to them. */
export type SourceTensor = readonly [key: string, bits: Uint16Array<ArrayBuffer>, added?: readonly LowRank[]];

interface Placed {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

const ALIGNMENT = 256;
const SLAB_BYTES = 256 * 1024 * 1024;
/** Uploads queued before the loader waits for those before them: so the GPU has something to do while the next weights are packed. */
const QUEUED_BYTES = 32 * 1024 * 1024;

export class Weights {
  readonly device: Device;
  readonly source: WeightSource;
  readonly #placed = new Map<string, Placed>();
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
  }

  binding(weight: Weight): GPUBufferBinding {
    const placed = this.#placed.get(weightId(weight));
    invariant(placed !== undefined, `weight ${weight.keys.join("+")} was not loaded`);
    return placed;
  }

  /** Frees the GPU memory; plans of this network must be dropped with it. `load` brings it back. */
  evict(): void {
    for (const slab of this.#slabs) slab.destroy();
    this.#slabs.length = 0;
    this.#placed.clear();
  }

  /** Makes the slabs of `weights` and says where each will lie in them. */
  #allocate(weights: readonly Weight[]) {
    const groups = this.#groupBySlab(weights);
    return this.device.checked(`${weights.reduce((total, weight) => total + packedBytes(weight), 0)} bytes of weights`, () => {
      const slabs: GPUBuffer[] = [];
      const placed = new Map<string, Placed>();
      for (const group of groups) {
        const size = group.reduce((total, weight) => total + roundUp(packedBytes(weight), ALIGNMENT), 0);
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
        const buffer = this.device.gpu.createBuffer({ label: "weights", size, usage });
        slabs.push(buffer);
        let offset = 0;
        for (const weight of group) {
          placed.set(weightId(weight), { buffer, offset, size: packedBytes(weight) });
          offset += roundUp(packedBytes(weight), ALIGNMENT);
        }
      }
      return { slabs, placed, destroy: () => slabs.forEach((slab) => slab.destroy()) };
    });
  }

  async #upload(weights: readonly Weight[], placed: ReadonlyMap<string, Placed>, signal?: AbortSignal): Promise<void> {
    const totalBytes = weights.reduce((total, weight) => total + packedBytes(weight), 0);
    let loadedBytes = 0;
    let queuedBytes = 0;
    let before: Promise<unknown> = Promise.resolve();
    for await (const { weight, packed, added } of packedWeights(weights, this.source, signal)) {
      throwIfCancelled(signal);
      this.device.assertAlive();
      const place = placed.get(weightId(weight));
      invariant(place !== undefined, "every weight has its place");
      this.device.gpu.queue.writeBuffer(place.buffer, place.offset, packed);
      for (const { part, lowRank } of added) await addOnGpu(this.device, place, part, lowRank);
      loadedBytes += packed.byteLength;
      queuedBytes += packed.byteLength;
      if (queuedBytes < QUEUED_BYTES) continue;
      await before;
      before = this.device.gpu.queue.onSubmittedWorkDone();
      // A GPU that is lost is noticed at the next weight.
      before.catch(() => undefined);
      queuedBytes = 0;
    }
    invariant(loadedBytes === totalBytes, "the source gave every weight");
  }

  #groupBySlab(weights: readonly Weight[]): readonly (readonly Weight[])[] {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.gpu.limits;
    const slabBytes = Math.min(SLAB_BYTES, maxBufferSize);
    const groups: Weight[][] = [];
    let room = 0;
    for (const weight of weights) {
      const bytes = roundUp(packedBytes(weight), ALIGNMENT);
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
  return tensorsOf(distinctWeights(graph));
}

function tensorsOf(weights: readonly Weight[]): ReadonlyMap<string, Shape> {
  return new Map(weights.flatMap(({ keys, shapes }) => keys.map((key, index) => [key, shapes[index] ?? []] as const)));
}

function distinctWeights(graph: Graph): readonly Weight[] {
  const byId = new Map<string, Weight>();
  for (const { op } of graph.nodes) for (const weight of weightsOf(op)) byId.set(weightId(weight), weight);
  return [...byId.values()];
}

/** A weight as it is uploaded, and what is added to it there. */
interface PackedWeight {
  readonly weight: Weight;
  readonly packed: Uint16Array<ArrayBuffer>;
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
  const memory = new Uint16Array(Math.max(0, ...weights.map(packedBytes)) / 2);
  try {
    for await (const [key, bits, added = []] of source.stream(tensorsOf(weights), signal)) {
      for (const { weight, parts } of waiting.get(key) ?? []) {
        parts.set(key, [key, bits, added]);
        const arrived = weight.keys.flatMap((part) => [parts.get(part)]).filter((part) => part !== undefined);
        if (arrived.length < weight.keys.length) {
          parts.set(key, [key, bits.slice(), added]);
          continue;
        }
        yield packedWith(weight, arrived, memory);
        for (const [waited, [, copy]] of parts) if (waited !== key) freeMemory(copy);
        parts.clear();
      }
    }
  } finally {
    freeMemory(memory);
  }
}

function packedWith(weight: Weight, tensors: readonly SourceTensor[], memory: Uint16Array<ArrayBuffer>): PackedWeight {
  if (weight.layout === "vector" || weight.layout === "table") {
    // These are small, or lie otherwise than the kernel expects.
    return {
      weight,
      packed: packWeight(
        weight,
        tensors.map(([, bits, added = []]) => withLowRanks(bits, added)),
        memory,
      ),
      added: [],
    };
  }
  const total = outputs(weight);
  let first = 0;
  const added = tensors.flatMap(([, , lowRanks = []], index) => {
    const { n, k, taps } = extents(weight.layout, weight.shapes[index] ?? []);
    const part = { n, first, k, k4: roundUp(k, 4), taps, n4: roundUp(total, 4), half: weight.interleaved ? total / 2 : 0 };
    first += n;
    return lowRanks.map((lowRank) => ({ part, lowRank }));
  });
  return {
    weight,
    packed: packWeight(
      weight,
      tensors.map(([, bits]) => bits),
      memory,
    ),
    added,
  };
}

/** Outputs and the rest of a checkpoint shape as the layout sees them. */
function extents(layout: Weight["layout"], shape: Shape): { n: number; k: number; taps: number } {
  switch (layout) {
    case "vector":
      return { n: product(shape), k: 1, taps: 1 };
    case "matrix":
      return { n: shape[0] ?? 1, k: product(shape.slice(1)), taps: 1 };
    case "convolution":
      return { n: shape[0] ?? 1, k: shape[1] ?? 1, taps: product(shape.slice(2)) };
    case "table":
      return { n: shape.at(-1) ?? 1, k: product(shape.slice(0, -1)), taps: 1 };
  }
}

function outputs(weight: Weight): number {
  if (weight.layout === "table") return weight.shapes[0]?.at(-1) ?? 1;
  return weight.shapes.reduce((total, shape) => total + extents(weight.layout, shape).n, 0);
}

/** Bytes of a weight in GPU memory. */
export function packedBytes(weight: Weight): number {
  const { k, taps } = extents(weight.layout, weight.shapes[0] ?? []);
  const rows = weight.layout === "matrix" || weight.layout === "convolution" ? roundUp(k, 4) * taps : k;
  return rows * roundUp(outputs(weight), 4) * 2;
}

/**
 * Lays checkpoint tensors (float16 bits) out as `weight.layout` says.
 * @param memory is used for the result if it is large enough
 */
export function packWeight(weight: Weight, parts: readonly Uint16Array[], memory?: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const length = packedBytes(weight) / 2;
  const packed = memory !== undefined && memory.length >= length ? memory.subarray(0, length) : new Uint16Array(length);
  const total = outputs(weight);
  const n4 = roundUp(total, 4);
  // Every place has its value, unless some are padding.
  if (weight.shapes.reduce((sum, shape) => sum + product(shape), 0) < length) packed.fill(0);
  let first = 0;
  parts.forEach((part, index) => {
    const shape = weight.shapes[index] ?? [];
    const { n, k, taps } = extents(weight.layout, shape);
    invariant(part.length === product(shape), `${weight.keys[index]} has ${part.length} values, not ${product(shape)}`);
    if (weight.layout === "table") {
      for (let row = 0; row < k; row++) packed.set(part.subarray(row * n, (row + 1) * n), row * n4);
      return;
    }
    const k4 = weight.layout === "vector" ? 1 : roundUp(k, 4);
    const from = first;
    const rows = Int32Array.from({ length: k * taps }, (_, at) => ((at % taps) * k4 + Math.floor(at / taps)) * n4);
    const columns = Int32Array.from({ length: n }, (_, at) => (weight.interleaved ? interleave(from + at, total / 2) : from + at));
    transposeInto(part, packed, rows, columns);
    first += n;
  });
  return packed;
}

/** Column of output n when value and gate halves alternate in blocks of four. */
function interleave(n: number, half: number): number {
  const within = n % half;
  return Math.floor(within / 4) * 8 + (n < half ? 0 : 4) + (within % 4);
}
