// The weights of one network on the GPU: packed once at load into the layouts of
// `weight-layout.ts`, independent of resolution and tile, shared by every plan of the network,
// evictable and restorable.
import { invariant, OnestrokeError } from "../common/errors";
import type { StoredNumbers } from "../common/stored-pieces";
import type { PlaceOf } from "./block-upload";
import type { Device } from "./device";
import type { Graph } from "./graph";
import { weightsOf } from "./ops";
import { roundUp, type Shape } from "./tensor";
import { weightId, type Weight, packedBytes, REGION_ALIGNMENT, regionBytes, type RegionBytes } from "./weight-layout";
import { wantedBy } from "./weight-parts";
import type { WeightSource } from "./weight-source";
import { loadingBytes, preparePacking, uploadWeights } from "./weight-upload";

interface Placed {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly regions: RegionBytes;
}

const SLAB_BYTES = 256 * 1024 * 1024;

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
   * Has the GPU's compiler begin with what will pack the weights of `graph`. It ends when that is done.
   * @param stored number formats that the source has them in
   * @throws OnestrokeError as `load`, which fails the same
   */
  async prepare(graph: Graph, stored: Iterable<StoredNumbers>): Promise<void> {
    await preparePacking(this.device, this.#missing(graph), stored);
  }

  /**
   * Uploads what `graph` needs and is not yet there: all of it, or after a failure nothing.
   * @throws OnestrokeError from the source; `gpu-unsupported` if one weight exceeds a binding; `gpu-out-of-memory`, `gpu-lost`, `cancelled`
   */
  async load(graph: Graph, signal?: AbortSignal): Promise<void> {
    const missing = this.#missing(graph);
    const { slabs, placed, destroy } = await this.#allocate(missing);
    try {
      await uploadWeights(this.device, missing, placesIn(placed), this.source, signal);
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
    await uploadWeights(this.device, changed, placesIn(this.#placed), this.source, signal);
  }

  binding(weight: Weight, region: keyof RegionBytes = "values"): GPUBufferBinding {
    return placesIn(this.#placed)(weight, region);
  }

  /** Frees the GPU memory; plans of this network must be dropped with it. `load` brings it back. */
  evict(): void {
    for (const slab of this.#slabs) slab.destroy();
    this.#slabs.length = 0;
    this.#placed.clear();
    this.#loaded.clear();
  }

  #missing(graph: Graph): readonly Weight[] {
    return distinctWeights(graph).filter((weight) => !this.#placed.has(weightId(weight)));
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

export interface GraphBytes {
  /** Of a graph's weights, as they lie on the GPU. */
  readonly weightBytes: number;
  /** Of what they are loaded through, which is gone once they are there. */
  readonly loadingBytes: number;
}

/** What the weights of a graph take of the GPU's memory. */
export function weightMemory(graph: Graph): GraphBytes {
  const weights = distinctWeights(graph);
  return { weightBytes: weights.reduce((sum, weight) => sum + packedBytes(weight), 0), loadingBytes: loadingBytes(weights) };
}

/** Every parameter a graph reads, once, with its checkpoint shape. */
export function checkpointTensors(graph: Graph): ReadonlyMap<string, Shape> {
  return new Map([...wantedBy(distinctWeights(graph))].map(([key, { shape }]) => [key, shape]));
}

function placesIn(all: ReadonlyMap<string, Placed>): PlaceOf {
  return (weight, region) => {
    const placed = all.get(weightId(weight));
    invariant(placed !== undefined, `weight ${weight.keys.join("+")} was not loaded`);
    const { buffer, offset, regions } = placed;
    const begin = region === "values" ? 0 : roundUp(regions.values, REGION_ALIGNMENT);
    return { buffer, offset: offset + begin, size: regions[region] };
  };
}

function distinctWeights(graph: Graph): readonly Weight[] {
  const byId = new Map<string, Weight>();
  for (const { op } of graph.nodes) for (const weight of weightsOf(op)) byId.set(weightId(weight), weight);
  return [...byId.values()];
}
