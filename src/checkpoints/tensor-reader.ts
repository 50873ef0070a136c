// Weights by name, out of one or several safetensors files. Reads ranges: a tensor when it is
// asked for alone, or contiguous runs of small ones when many are wanted. Nothing is held
// twice: bytes are read into the result, or converted from a chunk of at most 8 MiB.
import type { ByteSource, ByteStore } from "./byte-source";
import { DTYPE_BYTES, isFloatDtype, toFloat16, toFloat32, type FloatDtype } from "./dtype";
import { readSafetensorsHeader, ruleError, type TensorEntry } from "./safetensors";
import { canonicalName, isWeight } from "./spellings";

export type WeightFormat = "float16" | "float32";

/** Values by number format: float16 as its bits. */
export interface WeightData {
  readonly float16: Uint16Array<ArrayBuffer>;
  readonly float32: Float32Array<ArrayBuffer>;
}

export interface TensorReader {
  /** Canonical names (spellings.ts) of every weight, in file order. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** As stored; a 1x1 convolution may stand for a linear layer (`shapesAgree`). */
  shape(name: string): readonly number[];
  /** Stored bytes of one tensor, for progress. */
  byteLength(name: string): number;
  /** @throws OnestrokeError `model-missing`, `model-unsupported` (integers; too large for float16), `model-corrupt` (rule 15) */
  readFloat16(name: string, signal?: AbortSignal): Promise<Uint16Array<ArrayBuffer>>;
  readFloat32(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>>;
  /** Many tensors in file order, small neighbours in one read. */
  stream<F extends WeightFormat>(
    names: Iterable<string>,
    format: F,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly [name: string, data: WeightData[F]]>;
}

const CHUNK_BYTES = 8 * 2 ** 20;

/** Rule 15 looks at tensors up to this many values: norms, biases, embeddings of time. */
const CHECKED_VALUES = 65536;

interface StoredTensor extends TensorEntry {
  readonly source: ByteSource;
}

/**
 * Opens the weight files of one component.
 * @param files paths in `store`; several are the shards of one network
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
      if (tensors.has(name)) throw ruleError(6, source.name, "is there twice, in two files or two spellings", published);
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

  byteLength(name: string): number {
    const { begin, end } = this.#tensor(name);
    return end - begin;
  }

  readFloat16(name: string, signal?: AbortSignal): Promise<Uint16Array<ArrayBuffer>> {
    return readOne(name, this.#tensor(name), FORMATS.float16, signal);
  }

  readFloat32(name: string, signal?: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    return readOne(name, this.#tensor(name), FORMATS.float32, signal);
  }

  async *stream<F extends WeightFormat>(
    names: Iterable<string>,
    format: F,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly [string, WeightData[F]]> {
    const wanted = new Map([...names].map((name) => [this.#tensor(name), name]));
    const inFileOrder = [...this.#tensors.values()].filter((tensor) => wanted.has(tensor));
    for (const run of contiguousRuns(inFileOrder)) {
      for await (const [tensor, data] of readRun(run, wanted, FORMATS[format], signal)) yield [wanted.get(tensor) ?? "", data];
    }
  }

  #tensor(name: string): StoredTensor {
    const tensor = this.#tensors.get(canonicalName(name));
    if (tensor === undefined) throw ruleError(14, this.#where, "is missing", name);
    return tensor;
  }
}

/** How one number format is allocated, filled and checked. */
interface Format<T> {
  allocate(length: number): T;
  convert(from: Uint8Array<ArrayBuffer>, dtype: FloatDtype, into: T, at: number, count: number): void;
  bytes(data: T): Uint8Array<ArrayBuffer>;
  readonly stored: FloatDtype;
  readonly nonFinite: (data: T) => number;
}

const FORMATS: { readonly [F in WeightFormat]: Format<WeightData[F]> } = {
  float16: {
    stored: "F16",
    allocate: (length) => new Uint16Array(length),
    convert: (from, dtype, into, at, count) => toFloat16(from, dtype, into.subarray(at, at + count)),
    bytes: (data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    nonFinite: (data) => data.reduce((count, half) => count + ((half & 0x7c00) === 0x7c00 ? 1 : 0), 0),
  },
  float32: {
    stored: "F32",
    allocate: (length) => new Float32Array(length),
    convert: (from, dtype, into, at, count) => toFloat32(from, dtype, into.subarray(at, at + count)),
    bytes: (data) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    nonFinite: (data) => data.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0),
  },
};

/** One tensor: straight into the result where the formats agree, else through chunks. */
async function readOne<T>(name: string, tensor: StoredTensor, format: Format<T>, signal?: AbortSignal): Promise<T> {
  const dtype = floatDtype(name, tensor);
  const length = (tensor.end - tensor.begin) / DTYPE_BYTES[dtype];
  const data = format.allocate(length);
  if (dtype === format.stored) {
    await tensor.source.read(tensor.begin, format.bytes(data), signal);
  } else {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, tensor.end - tensor.begin));
    for (let at = tensor.begin; at < tensor.end; at += chunk.byteLength) {
      const part = chunk.subarray(0, Math.min(chunk.byteLength, tensor.end - at));
      await tensor.source.read(at, part, signal);
      format.convert(part, dtype, data, (at - tensor.begin) / DTYPE_BYTES[dtype], part.byteLength / DTYPE_BYTES[dtype]);
    }
  }
  if (length <= CHECKED_VALUES) refuseNonFinite(name, tensor, format.nonFinite(data));
  return data;
}

/** Several neighbours in one read, each then copied out of it: that also aligns them (rule 12). */
async function* readRun<T>(
  run: readonly StoredTensor[],
  names: ReadonlyMap<StoredTensor, string>,
  format: Format<T>,
  signal?: AbortSignal,
): AsyncGenerator<readonly [StoredTensor, T]> {
  const first = run[0];
  const last = run.at(-1);
  if (first === undefined || last === undefined) return;
  if (first === last) {
    yield [first, await readOne(names.get(first) ?? "", first, format, signal)];
    return;
  }
  const bytes = new Uint8Array(last.end - first.begin);
  await first.source.read(first.begin, bytes, signal);
  for (const tensor of run) {
    const name = names.get(tensor) ?? "";
    const dtype = floatDtype(name, tensor);
    const length = (tensor.end - tensor.begin) / DTYPE_BYTES[dtype];
    const data = format.allocate(length);
    format.convert(bytes.slice(tensor.begin - first.begin, tensor.end - first.begin), dtype, data, 0, length);
    if (length <= CHECKED_VALUES) refuseNonFinite(name, tensor, format.nonFinite(data));
    yield [tensor, data];
  }
}

/** Groups neighbours of one file into reads of at most 8 MiB; a larger tensor stands alone. */
function contiguousRuns(tensors: readonly StoredTensor[]): readonly (readonly StoredTensor[])[] {
  const runs: StoredTensor[][] = [];
  for (const tensor of tensors) {
    const run = runs.at(-1);
    const first = run?.[0];
    const last = run?.at(-1);
    const joins =
      first !== undefined &&
      last !== undefined &&
      last.source === tensor.source &&
      last.end === tensor.begin &&
      tensor.end - first.begin <= CHUNK_BYTES;
    if (joins) run?.push(tensor);
    else runs.push([tensor]);
  }
  return runs;
}

function floatDtype(name: string, { dtype, source }: StoredTensor): FloatDtype {
  if (isFloatDtype(dtype)) return dtype;
  throw ruleError(8, source.name, `is stored as ${dtype}, which weights are not read from`, name, "model-unsupported");
}

function refuseNonFinite(name: string, tensor: StoredTensor, count: number): void {
  if (count === 0) return;
  throw ruleError(15, tensor.source.name, `has ${count} values that are NaN, infinite or beyond float16`, name);
}
