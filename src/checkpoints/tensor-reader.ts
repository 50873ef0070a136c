// Weights by name, from one or several files of any format, read by range. Many weights are streamed in
// the order of their files, with neighbours in one read, because each small read may cost a whole
// request. At most one read and the tensor that it fills are in memory, never a whole file.
import type { ByteSource, ByteStore, OnBytes } from "./byte-source";
import { blockShape, dequantise } from "../common/blocks";
import { addLowRank, type LowRank } from "../common/low-rank";
import { WEIGHT_FORMATS, type WeightFormat } from "../common/weight-format";
import { arrivingTensor, type ArrivingTensor, type TensorValues } from "./arriving-tensor";
import { blockOf } from "./dtype";
import { decodeBlocks } from "./formats/blocks/layout";
import { isQuantised, NEAREST_FORMAT } from "./quantised";
import { ruleError } from "./safetensors";
import { canonicalName, isWeight } from "./spellings";
import { gathered, partsOf, type StoredTensor, type StoredTensors } from "./stored-tensor";
import { readTensorFile } from "./tensor-file";
import { CHECKED_VALUES, float32Of, floatDtype, refuseNonFinite } from "./tensor-values";

/** Reads what is added to a weight, such as a LoRA's product. */
export type Addition = (signal?: AbortSignal) => Promise<LowRank>;

/** What is still to be added stands beside float16; blocks have had it added. */
export type StreamedTensor = readonly [name: string, values: TensorValues, added: readonly LowRank[]];

/** Names, each with the number format that it is wanted in. */
export type Wanted = ReadonlyMap<string, { readonly format: WeightFormat }>;

export interface TensorReader {
  /** Canonical names (spellings.ts) of every weight, in file order. */
  readonly names: readonly string[];
  /** What most of the weights are stored in, float16 standing for all that are not quantised. */
  readonly weightFormat: WeightFormat;
  has(name: string): boolean;
  /** The stored shape; a 1x1 convolution may stand for a linear layer (`shapesAgree`). */
  shape(name: string): readonly number[];
  /**
   * Many tensors in the formats wanted, in file order, each with what is to be added to it. Quantised ones are rounded once, from float32.
   * @param onBytes called as stored bytes arrive, `storedBytes` in all
   * @throws OnestrokeError `model-corrupt` (rules 14 and 15), `model-unsupported` (integers; values beyond float16)
   */
  stream(wanted: Wanted, signal?: AbortSignal, onBytes?: OnBytes): AsyncGenerator<StreamedTensor>;
  /** What `stream` reads of the files for these tensors. */
  storedBytes(names: Iterable<string>): number;
  /** One tensor. @throws OnestrokeError `model-corrupt` (rules 14 and 15), `model-unsupported` (integers) */
  readFloat32(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>>;
  /** The same weights with something added to some of them. */
  plus(additions: ReadonlyMap<string, Addition>): TensorReader;
}

/** Large enough that a distant server's delay is small beside the transfer, small enough that a slow server sends it in seconds. */
const READ_BYTES = 4 * 2 ** 20;

/** So many bytes between two tensors are read along with them: archives have a header before each tensor. */
const GAP_BYTES = 256;

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

class StoredTensorReader implements TensorReader {
  readonly names: readonly string[];
  readonly weightFormat: WeightFormat;
  readonly #where: string;
  readonly #tensors: StoredTensors;
  readonly #additions: ReadonlyMap<StoredTensor, readonly Addition[]>;

  constructor(where: string, tensors: StoredTensors, additions: ReadonlyMap<StoredTensor, readonly Addition[]>) {
    this.#where = where;
    this.#tensors = tensors;
    this.#additions = additions;
    this.names = [...tensors.keys()];
    this.weightFormat = mostStored(tensors.values());
  }

  has(name: string): boolean {
    return this.#tensors.has(canonicalName(name));
  }

  shape(name: string): readonly number[] {
    return this.#tensor(name).shape;
  }

  storedBytes(names: Iterable<string>): number {
    return this.#reads(new Set([...names].map((name) => this.#tensor(name)))).reduce((sum, { begin, end }) => sum + end - begin, 0);
  }

  async *stream(wanted: Wanted, signal?: AbortSignal, onBytes?: OnBytes): AsyncGenerator<StreamedTensor> {
    const names = new Map([...wanted.keys()].map((name) => [this.#tensor(name), name]));
    const open = new Map<StoredTensor, { readonly arriving: ArrivingTensor; missing: number }>();
    for (const read of this.#reads(names)) {
      const bytes = await readBytes(read, signal, onBytes);
      for (const { tensor, part, begin, end } of read.pieces) {
        const name = names.get(tensor) ?? "";
        const { format } = wanted.get(name) ?? { format: "f16" };
        const one = open.get(tensor) ?? { arriving: arrivingTensor(name, tensor, format), missing: byteLengthOf(tensor) };
        open.set(tensor, one);
        // This is a copy, because the tensor may not be aligned to its element (rule 12).
        one.arriving.take(part, begin, bytes.slice(begin - read.begin, end - read.begin));
        one.missing -= end - begin;
        if (one.missing > 0) continue;
        open.delete(tensor);
        const added = await this.#added(tensor, signal);
        yield [name, one.arriving.finish(added), format === "f16" ? added : []];
      }
    }
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

  #reads(wanted: { has(tensor: StoredTensor): boolean }): readonly Read[] {
    return readsOf([...this.#tensors.values()].filter((tensor) => wanted.has(tensor)));
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

/** Bytes `[begin, end)` of a file that are a tensor or part of one. */
interface Piece {
  readonly tensor: StoredTensor;
  /** Which of its ranges. */
  readonly part: StoredTensor;
  readonly begin: number;
  readonly end: number;
}

/** Neighbouring pieces of one file. */
interface Read {
  readonly source: ByteSource;
  readonly begin: number;
  end: number;
  readonly pieces: Piece[];
}

/** Cuts tensors into pieces of whole blocks that fit one read, and joins neighbouring pieces into reads. */
function readsOf(tensors: readonly StoredTensor[]): readonly Read[] {
  const reads: Read[] = [];
  for (const { tensor, part } of tensors.flatMap((one) => partsOf(one).map((part) => ({ tensor: one, part })))) {
    const { source } = part;
    const { bytes } = blockOf(part.dtype);
    const most = Math.floor(READ_BYTES / bytes) * bytes;
    for (let begin = part.begin; begin < part.end; begin += most) {
      const end = Math.min(begin + most, part.end);
      const read = reads.at(-1);
      if (read?.source === source && isNear(begin - read.end) && end - read.begin <= READ_BYTES) {
        read.pieces.push({ tensor, part, begin, end });
        read.end = end;
      } else {
        reads.push({ source, begin, end, pieces: [{ tensor, part, begin, end }] });
      }
    }
  }
  return reads;
}

function isNear(gap: number): boolean {
  return gap >= 0 && gap <= GAP_BYTES;
}

async function readBytes(
  { source, begin, end }: Omit<Read, "pieces">,
  signal?: AbortSignal,
  onBytes?: OnBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin);
  await source.read(begin, bytes, signal, onBytes);
  return bytes;
}
