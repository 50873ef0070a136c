// One load of weights: what comes from the source, in whatever form, to its places on the GPU. float16 is packed there by a kernel, a
// slice of memory at a time, as it is stored; only blocks are laid out on this side, unless a LoRA changes them.
import { invariant, throwIfCancelled } from "../common/errors";
import type { LowRank } from "../common/low-rank";
import type { StoredNumbers, StoredPiece, StoredPieces } from "../common/stored-pieces";
import { addOnGpu } from "./add-low-rank";
import { BlockUpload, type PlaceOf } from "./block-upload";
import type { Device } from "./device";
import { NotFiniteCounts } from "./not-finite-counts";
import type { Weight } from "./weight-layout";
import { packingProgram, submitPacking } from "./pack-pass";
import { quantiseOnGpu, type Unquantised } from "./quantise-pass";
import { product, roundUp } from "./tensor";
import { slicesBytes, UploadSlices } from "./upload-memory";
import { lowRankOf, packKernel, partsByKey, wantedBy, type WeightPart } from "./weight-parts";
import type { SourceTensor, WantedTensor, WeightSource } from "./weight-source";

/** Large enough that submissions are few, small enough that a slow server fills one in seconds. */
const SLICE_BYTES = 4 * 2 ** 20;
/** So many slices of float16 are all weights, or more: what a large network is loaded through is then less than a quarter of it. */
const LEAST_SLICES = 32;
const LEAST_SLICE_BYTES = 2 ** 16;
/** What a kernel reads at once: of a buffer that ends within such a read it would not see the end. */
const READ_BYTES = 16;

/**
 * Resolves when all weights are in their places.
 * @throws OnestrokeError from the source; `gpu-out-of-memory`, `gpu-unsupported`, `gpu-lost`, `cancelled`
 */
export async function uploadWeights(
  device: Device,
  weights: readonly Weight[],
  placeOf: PlaceOf,
  source: WeightSource,
  signal?: AbortSignal,
): Promise<void> {
  if (weights.length === 0) return;
  const upload = new WeightUpload(device, weights, placeOf);
  try {
    for await (const arrived of source.stream(upload.wanted, upload.slices, signal)) {
      throwIfCancelled(signal);
      device.assertAlive();
      if ("pieces" in arrived) await upload.pack(arrived);
      else await upload.takeMade(arrived);
    }
    await upload.finish();
  } catch (error) {
    // A GPU that is lost takes its memory from whoever is filling it, who then fails of something else.
    device.assertAlive();
    throw error;
  } finally {
    await upload.destroy();
  }
}

/**
 * Has the GPU's compiler begin with what packs `weights`. It ends when that is done.
 * @param stored what the source has them in
 * @throws OnestrokeError `gpu-unsupported`, `gpu-lost`; `uploadWeights` fails the same
 */
export async function preparePacking(device: Device, weights: readonly Weight[], stored: Iterable<StoredNumbers>): Promise<void> {
  const parts = [...partsByKey(weights).values()].flat().filter(({ weight }) => weight.format === undefined);
  const counts = parts.map(({ n, k, taps }) => n * k * taps);
  // What is read after them, in one slice, begins between four words.
  const places = counts.some((count) => count % 8 > 0) ? [0, 2] : [0];
  const kernels = [...stored].flatMap((numbers) =>
    places.flatMap((at) => parts.map((part, index) => packKernel(part, { numbers, at, first: 0, count: counts[index] ?? 0 }, 0))),
  );
  // There are a few texts for all of them.
  const distinct = new Map(kernels.map((kernel) => [kernel.code, kernel]));
  await Promise.all([...distinct.values()].map((kernel) => packingProgram(device, kernel)));
}

/** What `weights` are loaded through takes so many bytes of the GPU's memory at most, besides their own. */
export function loadingBytes(weights: readonly Weight[]): number {
  return slicesBytes(sliceBytesFor([...wantedBy(weights).values()]));
}

/** A tensor that is wanted, and how much of it has come. */
interface Expected {
  readonly wanted: WantedTensor;
  readonly parts: readonly WeightPart[];
  /** Which counters of values that are not finite are its own. */
  readonly index: number;
  missing: number;
  /** Who judges what was counted; nobody where the values were looked at before. */
  refuse?: StoredPiece["refuse"];
}

class WeightUpload {
  readonly wanted: ReadonlyMap<string, WantedTensor>;
  readonly slices: UploadSlices;
  readonly #device: Device;
  readonly #placeOf: PlaceOf;
  readonly #expected: ReadonlyMap<string, Expected>;
  readonly #counts: NotFiniteCounts;
  readonly #blocks: BlockUpload;

  constructor(device: Device, weights: readonly Weight[], placeOf: PlaceOf) {
    this.#device = device;
    this.#placeOf = placeOf;
    const parts = partsByKey(weights);
    this.wanted = wantedBy(weights);
    this.#expected = new Map(
      [...this.wanted].map(([key, wanted], index) => [
        key,
        { wanted, parts: parts.get(key) ?? [], index, missing: product(wanted.shape) } satisfies Expected,
      ]),
    );
    this.slices = new UploadSlices(device, sliceBytesFor([...this.wanted.values()]));
    this.#counts = new NotFiniteCounts(device, this.wanted.size);
    this.#blocks = new BlockUpload(device, placeOf);
  }

  async pack({ bytes, pieces }: StoredPieces): Promise<void> {
    const packings = pieces.flatMap((piece) => {
      const { parts, index } = this.#of(piece.key);
      return parts.map((part) => ({ kernel: packKernel(part, piece, index), place: this.#placeOf(part.weight, "values") }));
    });
    await submitPacking(this.#device, this.slices, bytes, packings, this.#counts.buffer);
    for (const { key, count, added, refuse } of pieces) {
      const expected = this.#of(key);
      expected.missing -= count;
      expected.refuse = refuse;
      for (const part of expected.parts) await this.#add(part, added, expected.index);
    }
  }

  /** What was made on this side of the GPU. */
  async takeMade([key, values, added = [], refuse]: SourceTensor): Promise<void> {
    if (values instanceof Uint16Array) return this.#packHalves(key, values, added, refuse);
    const expected = this.#of(key);
    expected.refuse = refuse;
    const isUnquantised = values instanceof Float32Array;
    for (const part of expected.parts) {
      const arrived = isUnquantised ? () => this.#quantise({ part, values, added, tensor: expected.index }) : values;
      await this.#blocks.take(part.weight, key, arrived);
    }
    expected.missing -= isUnquantised ? values.length : values.values.length;
  }

  /**
   * @throws OnestrokeError from the source, of values that are no finite float16; `gpu-lost`
   */
  async finish(): Promise<void> {
    for (const [key, { wanted, missing }] of this.#expected) {
      const count = product(wanted.shape);
      invariant(missing === 0, `${key} came with ${count - missing} values, not ${count}`);
    }
    const counts = await this.#counts.read();
    for (const { index, refuse } of this.#expected.values()) {
      const found = counts[index];
      if (found !== undefined && found.stored + found.rounded > 0) refuse?.(found);
    }
  }

  async destroy(): Promise<void> {
    this.#counts.destroy();
    await this.slices.destroy();
  }

  async #packHalves(
    key: string,
    values: Uint16Array<ArrayBuffer>,
    added: readonly LowRank[],
    refuse: StoredPiece["refuse"],
  ): Promise<void> {
    const { run } = this.#of(key).wanted;
    const most = Math.floor(this.slices.sliceBytes / (2 * run)) * run;
    for (let first = 0; first < values.length; first += most) {
      const halves = values.subarray(first, first + most);
      const bytes = (await this.slices.slice()).subarray(0, halves.byteLength);
      new Uint16Array(bytes.buffer).set(halves);
      const isLast = first + halves.length === values.length;
      const piece: StoredPiece = { key, numbers: "f16", at: 0, first, count: halves.length, added: isLast ? added : [], refuse };
      await this.pack({ bytes, pieces: [piece] });
    }
  }

  #quantise(unquantised: Unquantised): Promise<void> {
    return quantiseOnGpu(this.#device, unquantised, this.#placeOf, this.slices, this.#counts.buffer);
  }

  async #add(part: WeightPart, added: readonly LowRank[], tensor: number): Promise<void> {
    const counters = { counts: this.#counts.buffer, tensor };
    for (const one of added) await addOnGpu(this.#device, this.#placeOf(part.weight, "values"), ...lowRankOf(part, one), counters);
  }

  #of(key: string): Expected {
    const expected = this.#expected.get(key);
    invariant(expected !== undefined, `${key} was not asked for`);
    return expected;
  }
}

/** Room at least for what must be packed together, as float32. */
function sliceBytesFor(wanted: readonly WantedTensor[]): number {
  const halfBytes = wanted.reduce((sum, { shape }) => sum + 2 * product(shape), 0);
  const sliceBytes = Math.min(Math.max(halfBytes / LEAST_SLICES, LEAST_SLICE_BYTES), SLICE_BYTES);
  const runBytes = wanted.map(({ run }) => 4 * run);
  return roundUp(Math.ceil(Math.max(sliceBytes, ...runBytes)), READ_BYTES);
}
