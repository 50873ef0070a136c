// Weights by name, from one or several files of any format, read by range. Many weights are streamed in
// the order of their files (read-ahead.ts). A few reads and the tensor that they fill are in memory, never a whole file.
import type { ByteStore, OnBytes } from "./byte-source";
import { blockShape, dequantise } from "../common/blocks";
import { freeMemory } from "../common/free-memory";
import { addLowRank, type LowRank } from "../common/low-rank";
import {
  STORED_BYTES,
  type NotFinite,
  type StoredNumbers,
  type StoredPiece,
  type StoredPieces,
  type UploadMemory,
} from "../common/stored-pieces";
import { WEIGHT_FORMATS, type WeightFormat } from "../common/weight-format";
import { arrivingTensor, type ArrivingTensor, type TensorValues } from "./arriving-tensor";
import { decodeBlocks } from "./formats/blocks/layout";
import { isQuantised, NEAREST_FORMAT } from "./quantised";
import { readAhead, readsOf, type Read, type ReadAheadOptions } from "./read-ahead";
import { ruleError } from "./safetensors";
import { canonicalName, isWeight } from "./spellings";
import { storedNumbers, storedPiece } from "./stored-numbers";
import { gathered, partsOf, type StoredTensor, type StoredTensors } from "./stored-tensor";
import { readTensorFile } from "./tensor-file";
import { CHECKED_VALUES, float32Of, floatDtype, refuseMerged, refuseNonFinite } from "./tensor-values";

/** Reads what is added to a weight, such as a LoRA's product. */
export type Addition = (signal?: AbortSignal) => Promise<LowRank>;

/**
 * What is still to be added stands beside the values: float16, or float32 that is to become blocks after that. What is then no finite float16
 * is told to `refuse`.
 */
export type StreamedTensor = readonly [name: string, values: TensorValues, added: readonly LowRank[], refuse?: (found: NotFinite) => void];

/** Names, each with the number format that it is wanted in. */
export type Wanted = ReadonlyMap<string, { readonly format: WeightFormat }>;

/** The same for what may go to the GPU as it is stored: pieces begin at multiples of so many values. */
export type WantedInRuns = ReadonlyMap<string, { readonly format: WeightFormat; readonly run: number }>;

/** Where that goes, and what hears of it. */
export interface UploadOptions {
  readonly memory: UploadMemory;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: OnBytes | undefined;
}

export interface TensorReader {
  /** Canonical names (spellings.ts) of every weight, in file order. */
  readonly names: readonly string[];
  /** What most of the weights are stored in, float16 standing for all that are not quantised. */
  readonly weightFormat: WeightFormat;
  /** Number formats in which `upload` may give tensors as they are stored. */
  readonly storedNumbers: ReadonlySet<StoredNumbers>;
  has(name: string): boolean;
  /** The stored shape; a 1x1 convolution may stand for a linear layer (`shapesAgree`). */
  shape(name: string): readonly number[];
  /**
   * Many tensors in the formats wanted, in file order, each with what is to be added to it. Quantised ones are rounded once, from float32; those
   * that something is to be added to come in float32.
   * Values are valid until the next tensor is asked for: float16 lies in memory that is used over and over.
   * @param onBytes called as stored bytes arrive
   * @throws OnestrokeError `model-corrupt` (rules 14 and 15), `model-unsupported` (integers; values beyond float16)
   */
  stream(wanted: Wanted, signal?: AbortSignal, onBytes?: OnBytes): AsyncGenerator<StreamedTensor>;
  /**
   * The same, but float16, bfloat16 and float32 that are wanted in float16 come as they are stored, in `memory`. Whoever takes them must
   * look for values that are not finite.
   */
  upload(wanted: WantedInRuns, options: UploadOptions): AsyncGenerator<StoredPieces | StreamedTensor>;
  /** What these tensors take in their files. */
  storedBytes(names: Iterable<string>): number;
  /** What `upload` reads of the files, which has small gaps between tensors in it. */
  uploadedBytes(wanted: WantedInRuns, memory: UploadMemory): number;
  /** One tensor. @throws OnestrokeError `model-corrupt` (rules 14 and 15), `model-unsupported` (integers) */
  readFloat32(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>>;
  /** The same weights with something added to some of them. */
  plus(additions: ReadonlyMap<string, Addition>): TensorReader;
}

/**
 * Opens the weight files of one component.
 * @param files paths in `store`; several files are the shards of one network
 * @throws OnestrokeError `model-missing`, `model-corrupt`, `model-unsupported`
 */
export async function openTensors(store: ByteStore, files: readonly string[], signal?: AbortSignal): Promise<TensorReader> {
  const tensors = new Map<string, StoredTensor>();
  for (const path of files) {
    const source = await store.open(path, signal);
    for (const [published, tensor] of (await readTensorFile(source, signal)).tensors) {
      if (!isWeight(published)) continue;
      const name = canonicalName(published);
      if (tensors.has(name)) throw ruleError(6, source.name, "occurs twice, in two files or in two spellings", published);
      tensors.set(name, tensor);
    }
  }
  return tensorReader(store.name, tensors);
}

/**
 * @param where for messages
 * @param tensors by canonical name
 */
export function tensorReader(where: string, tensors: StoredTensors): TensorReader {
  const sources = [...new Set([...tensors.values()].map(({ source }) => source))];
  // Views and archives need not list tensors in the order in which they are stored.
  const inFileOrder = [...tensors].toSorted(
    ([, a], [, b]) => sources.indexOf(a.source) - sources.indexOf(b.source) || a.begin - b.begin || a.end - b.end,
  );
  return new StoredTensorReader(where, new Map(inFileOrder), new Map());
}

/** Tensors as they were asked for. */
type Asked = ReadonlyMap<StoredTensor, { readonly name: string; readonly format: WeightFormat; readonly run: number }>;

const UNNAMED = { name: "", format: "f16", run: 1 } as const;

class StoredTensorReader implements TensorReader {
  readonly names: readonly string[];
  readonly weightFormat: WeightFormat;
  readonly storedNumbers: ReadonlySet<StoredNumbers>;
  readonly #where: string;
  readonly #tensors: StoredTensors;
  readonly #additions: ReadonlyMap<StoredTensor, readonly Addition[]>;

  constructor(where: string, tensors: StoredTensors, additions: ReadonlyMap<StoredTensor, readonly Addition[]>) {
    this.#where = where;
    this.#tensors = tensors;
    this.#additions = additions;
    this.names = [...tensors.keys()];
    this.weightFormat = mostStored(tensors.values());
    this.storedNumbers = new Set([...tensors.values()].flatMap((tensor) => storedNumbers(tensor, "f16") ?? []));
  }

  has(name: string): boolean {
    return this.#tensors.has(canonicalName(name));
  }

  shape(name: string): readonly number[] {
    return this.#tensor(name).shape;
  }

  storedBytes(names: Iterable<string>): number {
    return [...new Set([...names].map((name) => this.#tensor(name)))].reduce((sum, tensor) => sum + byteLengthOf(tensor), 0);
  }

  uploadedBytes(wanted: WantedInRuns, memory: UploadMemory): number {
    return this.#reads(this.#asked(wanted), memory).reduce((sum, { begin, end }) => sum + end - begin, 0);
  }

  async *stream(wanted: Wanted, signal?: AbortSignal, onBytes?: OnBytes): AsyncGenerator<StreamedTensor> {
    for await (const arrived of this.#arrivals(wanted, { signal, onBytes })) if (!("pieces" in arrived)) yield arrived;
  }

  upload(wanted: WantedInRuns, options: UploadOptions): AsyncGenerator<StoredPieces | StreamedTensor> {
    return this.#arrivals(wanted, options);
  }

  async *#arrivals(wanted: Wanted | WantedInRuns, options: ReadAheadOptions): AsyncGenerator<StoredPieces | StreamedTensor> {
    const asked = this.#asked(wanted);
    const reads = this.#reads(asked, options.memory);
    const halves = new Uint16Array(longestHalves(asked, reads));
    let arriving: ArrivingTensor | undefined;
    let missing = 0;
    try {
      for await (const [read, bytes] of readAhead(reads, options)) {
        if (read.isStored) {
          yield { bytes, pieces: await this.#pieces(read, asked, options.signal) };
          continue;
        }
        for (const { tensor, part, begin, end } of read.pieces) {
          const { name, format } = asked.get(tensor) ?? UNNAMED;
          const target = format !== "f16" && this.#additions.has(tensor) ? "f32" : format;
          if (arriving === undefined) [arriving, missing] = [arrivingTensor(name, tensor, target, halves), byteLengthOf(tensor)];
          arriving.take(part, begin, aligned(bytes, begin - read.begin, end - read.begin));
          missing -= end - begin;
          if (missing > 0) continue;
          const added = await this.#added(tensor, options.signal);
          const values = arriving.finish();
          if (added.length === 0) yield [name, values, added];
          else yield [name, values, added, (found) => refuseMerged(name, tensor, found)];
          arriving = undefined;
        }
      }
    } finally {
      freeMemory(halves);
    }
  }

  /** What a read is that goes to the GPU as it is stored. */
  async #pieces(read: Read, asked: Asked, signal?: AbortSignal): Promise<readonly StoredPiece[]> {
    const pieces: StoredPiece[] = [];
    for (const { tensor, begin, end } of read.pieces) {
      const { name, format } = asked.get(tensor) ?? UNNAMED;
      const numbers = storedNumbers(tensor, format);
      if (numbers === undefined) continue;
      const piece = storedPiece(name, tensor, numbers, { begin, end, at: begin - read.begin });
      const added = end === tensor.end ? await this.#added(tensor, signal) : [];
      pieces.push({ ...piece, added, ...(added.length > 0 && { refuse: (found: NotFinite) => refuseMerged(name, tensor, found) }) });
    }
    return pieces;
  }

  async readFloat32(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    const tensor = this.#tensor(name);
    const values = await this.#stored(name, tensor, signal);
    for (const added of await this.#added(tensor, signal)) addLowRank(values, added);
    if (values.length <= CHECKED_VALUES) refuseNonFinite(name, tensor, values);
    return values;
  }

  async #stored(name: string, tensor: StoredTensor, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    if (tensor.blocks === undefined) {
      const dtype = floatDtype(name, tensor);
      return gathered(tensor, float32Of(await readBytes(tensor, signal), dtype));
    }
    const stored = new Map<StoredTensor, Uint8Array<ArrayBuffer>>();
    for (const part of partsOf(tensor)) stored.set(part, await readBytes(part, signal));
    return dequantise(decodeBlocks(name, tensor, stored), blockShape(tensor.shape));
  }

  plus(additions: ReadonlyMap<string, Addition>): TensorReader {
    const all = new Map(this.#additions);
    for (const [name, addition] of additions) {
      const tensor = this.#tensor(name);
      all.set(tensor, [...(all.get(tensor) ?? []), addition]);
    }
    return new StoredTensorReader(this.#where, this.#tensors, all);
  }

  async #added(tensor: StoredTensor, signal?: AbortSignal): Promise<readonly LowRank[]> {
    return Promise.all((this.#additions.get(tensor) ?? []).map((read) => read(signal)));
  }

  #asked(wanted: Wanted | WantedInRuns): Asked {
    return new Map([...wanted].map(([name, one]) => [this.#tensor(name), { name, run: 1, ...one }]));
  }

  /** @param memory absent where nothing goes to the GPU as it is stored */
  #reads(asked: Asked, memory?: UploadMemory): readonly Read[] {
    const tensors = [...this.#tensors.values()].filter((tensor) => asked.has(tensor));
    if (memory === undefined) return readsOf(tensors);
    const runBytes = (tensor: StoredTensor): number | undefined => {
      const { format, run } = asked.get(tensor) ?? UNNAMED;
      const numbers = storedNumbers(tensor, format);
      return numbers && run * STORED_BYTES[numbers];
    };
    return readsOf(tensors, { sliceBytes: memory.sliceBytes, runBytes });
  }

  #tensor(name: string): StoredTensor {
    const tensor = this.#tensors.get(canonicalName(name));
    if (tensor === undefined) throw ruleError(14, this.#where, "is missing", name);
    return tensor;
  }
}

function mostStored(tensors: Iterable<StoredTensor>): WeightFormat {
  const counts = { f16: 0, q8: 0, q4: 0 };
  for (const { shape, dtype, blocks } of tensors) {
    const format = blocks?.format ?? (isQuantised(dtype) ? NEAREST_FORMAT[dtype] : "f16");
    counts[format] += shape.reduce((size, axis) => size * axis, 1);
  }
  return WEIGHT_FORMATS.reduce((most, format) => (counts[format] > counts[most] ? format : most));
}

function byteLengthOf(tensor: StoredTensor): number {
  return partsOf(tensor).reduce((sum, { begin, end }) => sum + end - begin, 0);
}

/** How many values the largest tensor has that becomes float16 piece by piece: all of them take turns in memory of that size. */
function longestHalves(asked: Asked, reads: readonly Read[]): number {
  let longest = 0;
  for (const { isStored, pieces } of reads) {
    if (isStored) continue;
    for (const { tensor } of pieces) {
      if (asked.get(tensor)?.format !== "f16" || tensor.strides !== undefined || tensor.blocks !== undefined) continue;
      longest = Math.max(
        longest,
        tensor.shape.reduce((size, axis) => size * axis, 1),
      );
    }
  }
  return longest;
}

/** Bytes `[begin, end)` where a number may begin: a copy if they are not there, because a tensor may lie anywhere in a file (rule 12). */
function aligned(bytes: Uint8Array<ArrayBuffer>, begin: number, end: number): Uint8Array<ArrayBuffer> {
  return begin % 8 === 0 ? bytes.subarray(begin, end) : bytes.slice(begin, end);
}

async function readBytes({ source, begin, end }: StoredTensor, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin);
  await source.read(begin, bytes, signal);
  return bytes;
}
