// Weights by name, from one or several files of any format, read by range. Many weights are streamed in
// the order of their files (read-ahead.ts). At most two reads and the tensor that they fill are in memory, never a whole file.
import type { ByteStore, OnBytes } from "./byte-source";
import { freeMemory } from "../common/free-memory";
import { addLowRank, type LowRank } from "../common/low-rank";
import { blockOf, isFloatDtype, roundToFloat16, toFloat16, toFloat32, type FloatDtype } from "./dtype";
import { readAhead, readsOf, type Read } from "./read-ahead";
import { ruleError } from "./safetensors";
import { canonicalName, isWeight } from "./spellings";
import { gathered, type StoredTensor, type StoredTensors } from "./stored-tensor";
import { readTensorFile } from "./tensor-file";

/** Reads what is added to a weight, such as a LoRA's product. */
export type Addition = (signal?: AbortSignal) => Promise<LowRank>;

export type StreamedTensor = readonly [name: string, bits: Uint16Array<ArrayBuffer>, added: readonly LowRank[]];

export interface TensorReader {
  /** Canonical names (spellings.ts) of every weight, in file order. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** The stored shape; a 1x1 convolution may stand for a linear layer (`shapesAgree`). */
  shape(name: string): readonly number[];
  /**
   * float16 bits of many tensors, in file order, each with what is to be added to it. The bits are valid until the next tensor is asked
   * for: they lie in memory that is used over and over.
   * @param onBytes called as stored bytes arrive, `storedBytes` in all
   * @throws OnestrokeError `model-corrupt` (rules 14 and 15), `model-unsupported` (integers; values beyond float16)
   */
  stream(names: Iterable<string>, signal?: AbortSignal, onBytes?: OnBytes): AsyncGenerator<StreamedTensor>;
  /** What `stream` reads of the files for these tensors. */
  storedBytes(names: Iterable<string>): number;
  /** One tensor. @throws OnestrokeError `model-corrupt` (rules 14 and 15), `model-unsupported` (integers) */
  readFloat32(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>>;
  /** The same weights with something added to some of them. */
  plus(additions: ReadonlyMap<string, Addition>): TensorReader;
}

/** Rule 15 checks tensors of up to this many values: norms, biases, embeddings of time. */
const CHECKED_VALUES = 65536;

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
  readonly #where: string;
  readonly #tensors: StoredTensors;
  readonly #additions: ReadonlyMap<StoredTensor, readonly Addition[]>;

  constructor(where: string, tensors: StoredTensors, additions: ReadonlyMap<StoredTensor, readonly Addition[]>) {
    this.#where = where;
    this.#tensors = tensors;
    this.#additions = additions;
    this.names = [...tensors.keys()];
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

  async *stream(names: Iterable<string>, signal?: AbortSignal, onBytes?: OnBytes): AsyncGenerator<StreamedTensor> {
    const wanted = new Map([...names].map((name) => [this.#tensor(name), name]));
    const memory = new Uint16Array(Math.max(0, ...[...wanted.keys()].map(streamedLength)));
    let bits = memory;
    let values = new Float32Array(0);
    try {
      for await (const [read, bytes] of readAhead(this.#reads(wanted), signal, onBytes)) {
        for (const { tensor, begin, end } of read.pieces) {
          const name = wanted.get(tensor) ?? "";
          const dtype = floatDtype(name, tensor);
          const block = blockOf(dtype);
          const element = (at: number): number => ((at - tensor.begin) / block.bytes) * block.elements;
          const stored = aligned(bytes, begin - read.begin, end - read.begin);
          if (tensor.strides === undefined) {
            if (begin === tensor.begin) bits = memory.subarray(0, element(tensor.end));
            const piece = bits.subarray(element(begin), element(end));
            toFloat16(stored, dtype, piece);
            // The conversion can overflow in any tensor.
            if (dtype !== "F16" || bits.length <= CHECKED_VALUES)
              refuseNonFiniteHalves(name, tensor, piece, () => float32Of(stored, dtype));
            if (end === tensor.end) yield [name, bits, await this.#added(tensor, signal)];
            continue;
          }
          if (begin === tensor.begin) values = new Float32Array(element(tensor.end));
          toFloat32(stored, dtype, values.subarray(element(begin), element(end)));
          if (end === tensor.end) yield [name, rowMajorHalves(name, tensor, values), await this.#added(tensor, signal)];
        }
      }
    } finally {
      freeMemory(memory);
    }
  }

  async readFloat32(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    const tensor = this.#tensor(name);
    const dtype = floatDtype(name, tensor);
    const values = gathered(tensor, float32Of(await readBytes(tensor, signal), dtype));
    for (const added of await this.#added(tensor, signal)) addLowRank(values, added);
    if (values.length <= CHECKED_VALUES) refuseNonFinite(name, tensor, countNonFinite(values));
    return values;
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

/** Values that a tensor takes of the memory for all of them. */
function streamedLength({ dtype, strides, begin, end }: StoredTensor): number {
  const { bytes, elements } = blockOf(dtype);
  return strides === undefined ? ((end - begin) / bytes) * elements : 0;
}

/** Bytes `[begin, end)` where a number may begin: a copy if they are not there, because a tensor may lie anywhere in a file (rule 12). */
function aligned(bytes: Uint8Array<ArrayBuffer>, begin: number, end: number): Uint8Array<ArrayBuffer> {
  return begin % 8 === 0 ? bytes.subarray(begin, end) : bytes.slice(begin, end);
}

/** @param stored the values as they stand in the file */
function rowMajorHalves(name: string, tensor: StoredTensor, stored: Float32Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const values = gathered(tensor, stored);
  const bits = new Uint16Array(values.length);
  roundToFloat16(values, bits);
  refuseNonFiniteHalves(name, tensor, bits, () => values);
  return bits;
}

async function readBytes(
  { source, begin, end }: Pick<Read, "source" | "begin" | "end">,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin);
  await source.read(begin, bytes, signal);
  return bytes;
}

function floatDtype(name: string, { dtype, source }: StoredTensor): FloatDtype {
  if (isFloatDtype(dtype)) return dtype;
  throw ruleError(
    8,
    source.name,
    `is stored as ${dtype}, but weights are read only from floating-point numbers, such as float16, and from GGUF's quantised ones`,
    name,
    "model-unsupported",
  );
}

function float32Of(stored: Uint8Array<ArrayBuffer>, dtype: FloatDtype): Float32Array<ArrayBuffer> {
  const { bytes, elements } = blockOf(dtype);
  const values = new Float32Array((stored.byteLength / bytes) * elements);
  toFloat32(stored, dtype, values);
  return values;
}

/** @param exact the values that `bits` was rounded from: they tell a damaged file from a file with values beyond float16 */
function refuseNonFiniteHalves(name: string, tensor: StoredTensor, bits: Uint16Array, exact: () => Float32Array): void {
  let count = 0;
  for (let i = 0; i < bits.length; i++) if (((bits[i] ?? 0) & 0x7c00) === 0x7c00) count++;
  if (count === 0) return;
  refuseNonFinite(name, tensor, countNonFinite(exact()));
  throw ruleError(15, tensor.source.name, `has ${count} values beyond float16`, name, "model-unsupported");
}

function countNonFinite(values: Float32Array): number {
  return values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
}

function refuseNonFinite(name: string, { source }: StoredTensor, count: number): void {
  if (count > 0) throw ruleError(15, source.name, `has ${count} values that are NaN or infinite`, name);
}
