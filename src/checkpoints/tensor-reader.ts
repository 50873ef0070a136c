// Weights by name, from one or several safetensors files, read by range. Many weights are streamed in
// the order of their files, with neighbours in one read, because each small read may cost a whole
// request. At most one read and the tensor that it fills are in memory, never a whole file.
import type { ByteSource, ByteStore, OnBytes } from "./byte-source";
import { DTYPE_BYTES, isFloatDtype, toFloat16, toFloat32, type FloatDtype } from "./dtype";
import { readSafetensorsHeader, ruleError, type TensorEntry } from "./safetensors";
import { canonicalName, isWeight } from "./spellings";

export interface TensorReader {
  /** Canonical names (spellings.ts) of every weight, in file order. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** The stored shape; a 1x1 convolution may stand for a linear layer (`shapesAgree`). */
  shape(name: string): readonly number[];
  /**
   * float16 bits of many tensors, in file order.
   * @param onBytes called as stored bytes arrive, `storedBytes` in all
   * @throws OnestrokeError `model-corrupt` (rules 14 and 15), `model-unsupported` (integers; values beyond float16)
   */
  stream(
    names: Iterable<string>,
    signal?: AbortSignal,
    onBytes?: OnBytes,
  ): AsyncGenerator<readonly [name: string, bits: Uint16Array<ArrayBuffer>]>;
  /** What `stream` reads of the files for these tensors. */
  storedBytes(names: Iterable<string>): number;
  /** One tensor. @throws OnestrokeError `model-corrupt` (rules 14 and 15), `model-unsupported` (integers) */
  readFloat32(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>>;
}

/** Large enough that a distant server's delay is small beside the transfer, small enough that a slow server sends it in seconds. */
const READ_BYTES = 4 * 2 ** 20;

/** Rule 15 checks tensors of up to this many values: norms, biases, embeddings of time. */
const CHECKED_VALUES = 65536;

interface StoredTensor extends TensorEntry {
  readonly source: ByteSource;
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
    const header = await readSafetensorsHeader(source, signal);
    for (const [published, entry] of header.tensors) {
      if (!isWeight(published)) continue;
      const name = canonicalName(published);
      if (tensors.has(name)) throw ruleError(6, source.name, "occurs twice, in two files or in two spellings", published);
      tensors.set(name, { ...entry, source });
    }
  }
  return new SafetensorsReader(store.name, tensors);
}

class SafetensorsReader implements TensorReader {
  readonly names: readonly string[];
  readonly #where: string;
  readonly #tensors: ReadonlyMap<string, StoredTensor>;

  constructor(where: string, tensors: ReadonlyMap<string, StoredTensor>) {
    this.#where = where;
    this.#tensors = tensors;
    this.names = [...tensors.keys()];
  }

  has(name: string): boolean {
    return this.#tensors.has(canonicalName(name));
  }

  shape(name: string): readonly number[] {
    return this.#tensor(name).shape;
  }

  storedBytes(names: Iterable<string>): number {
    return [...names].reduce((sum, name) => sum + this.#tensor(name).end - this.#tensor(name).begin, 0);
  }

  async *stream(
    names: Iterable<string>,
    signal?: AbortSignal,
    onBytes?: OnBytes,
  ): AsyncGenerator<readonly [string, Uint16Array<ArrayBuffer>]> {
    const wanted = new Map([...names].map((name) => [this.#tensor(name), name]));
    const inFileOrder = [...this.#tensors.values()].filter((tensor) => wanted.has(tensor));
    let bits = new Uint16Array(0);
    for (const read of readsOf(inFileOrder)) {
      const bytes = await readBytes(read, signal, onBytes);
      for (const { tensor, begin, end } of read.pieces) {
        const name = wanted.get(tensor) ?? "";
        const dtype = floatDtype(name, tensor);
        const size = DTYPE_BYTES[dtype];
        if (begin === tensor.begin) bits = new Uint16Array((tensor.end - tensor.begin) / size);
        // This is a copy, because the tensor may not be aligned to its element (rule 12).
        const stored = bytes.slice(begin - read.begin, end - read.begin);
        const piece = bits.subarray((begin - tensor.begin) / size, (end - tensor.begin) / size);
        toFloat16(stored, dtype, piece);
        // The conversion can overflow in any tensor.
        if (dtype !== "F16" || bits.length <= CHECKED_VALUES) refuseNonFiniteHalves(name, tensor, piece, stored);
        if (end === tensor.end) yield [name, bits];
      }
    }
  }

  async readFloat32(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    const tensor = this.#tensor(name);
    const dtype = floatDtype(name, tensor);
    const values = float32Of(await readBytes(tensor, signal), dtype);
    if (values.length <= CHECKED_VALUES) refuseNonFinite(name, tensor, countNonFinite(values));
    return values;
  }

  #tensor(name: string): StoredTensor {
    const tensor = this.#tensors.get(canonicalName(name));
    if (tensor === undefined) throw ruleError(14, this.#where, "is missing", name);
    return tensor;
  }
}

/** Bytes `[begin, end)` of a file that are a tensor or part of one. */
interface Piece {
  readonly tensor: StoredTensor;
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

/** Cuts tensors into pieces of whole elements that fit one read, and joins neighbouring pieces into reads. */
function readsOf(tensors: readonly StoredTensor[]): readonly Read[] {
  const reads: Read[] = [];
  for (const tensor of tensors) {
    const { source } = tensor;
    for (let begin = tensor.begin; begin < tensor.end; begin += READ_BYTES) {
      const end = Math.min(begin + READ_BYTES, tensor.end);
      const read = reads.at(-1);
      if (read?.source === source && read.end === begin && end - read.begin <= READ_BYTES) {
        read.pieces.push({ tensor, begin, end });
        read.end = end;
      } else {
        reads.push({ source, begin, end, pieces: [{ tensor, begin, end }] });
      }
    }
  }
  return reads;
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

function floatDtype(name: string, { dtype, source }: StoredTensor): FloatDtype {
  if (isFloatDtype(dtype)) return dtype;
  throw ruleError(
    8,
    source.name,
    `is stored as ${dtype}, but weights are read only from float16, bfloat16 and float32`,
    name,
    "model-unsupported",
  );
}

function float32Of(stored: Uint8Array<ArrayBuffer>, dtype: FloatDtype): Float32Array<ArrayBuffer> {
  const values = new Float32Array(stored.byteLength / DTYPE_BYTES[dtype]);
  toFloat32(stored, dtype, values);
  return values;
}

/** @param stored the bytes that `bits` was converted from: they tell a damaged file from a file with values beyond float16 */
function refuseNonFiniteHalves(name: string, tensor: StoredTensor, bits: Uint16Array, stored: Uint8Array<ArrayBuffer>): void {
  let count = 0;
  for (let i = 0; i < bits.length; i++) if (((bits[i] ?? 0) & 0x7c00) === 0x7c00) count++;
  if (count === 0) return;
  refuseNonFinite(name, tensor, countNonFinite(float32Of(stored, floatDtype(name, tensor))));
  throw ruleError(15, tensor.source.name, `has ${count} values beyond float16`, name, "model-unsupported");
}

function countNonFinite(values: Float32Array): number {
  return values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
}

function refuseNonFinite(name: string, { source }: StoredTensor, count: number): void {
  if (count > 0) throw ruleError(15, source.name, `has ${count} values that are NaN or infinite`, name);
}
