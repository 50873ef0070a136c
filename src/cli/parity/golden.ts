// The reference tensors of one fixture, and how results are compared with them. It records
// which tensors were asked for, so that a tensor that was never compared is noticed.
import type { ByteStore } from "../../checkpoints/byte-source";
import { blockOf, isFloatDtype, toFloat32, type Dtype } from "../../checkpoints/dtype";
import { isJsonObject, type JsonObject, type Range } from "../../common/json";
import { readJson } from "../../checkpoints/read-file";
import { gathered } from "../../checkpoints/stored-tensor";
import { readTensorFile } from "../../checkpoints/tensor-file";
import { OnestrokeError } from "../../common/errors";

/** The ranges for numbers in golden.json: indices and timesteps, pixels on a side, and everything that is measured. */
export const GOLDEN = {
  index: [0, 100_000],
  side: [1, 4096],
  value: [-1e6, 1e6],
} as const satisfies Readonly<Record<string, Range>>;

export interface GoldenTensor {
  readonly shape: readonly number[];
  /** In row-major order. Integers up to 2^24 are exact. */
  readonly values: Float32Array<ArrayBuffer>;
}

export class Golden {
  /** `golden.json`: constants and cases. */
  readonly facts: JsonObject;
  readonly #tensors: ReadonlyMap<string, GoldenTensor>;
  readonly #seen = new Set<string>();

  private constructor(facts: JsonObject, tensors: ReadonlyMap<string, GoldenTensor>) {
    this.facts = facts;
    this.#tensors = tensors;
  }

  static empty(): Golden {
    return new Golden({}, new Map());
  }

  static async open(store: ByteStore): Promise<Golden> {
    const facts = await readJson(store, "golden.json");
    const file = "golden.safetensors";
    return new Golden(facts, (await store.exists(file)) ? await readTensors(store, file) : new Map());
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  /** Tensors that were never asked for. */
  get unseen(): readonly string[] {
    return this.names.filter((name) => !this.#seen.has(name));
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** @throws OnestrokeError `model-missing` */
  tensor(name: string): GoldenTensor {
    const found = this.#tensors.get(name);
    if (!found) throw new OnestrokeError("model-missing", `the fixture has no tensor ${name}`);
    this.#seen.add(name);
    return found;
  }

  optional(name: string): Float32Array<ArrayBuffer> | undefined {
    return this.has(name) ? this.tensor(name).values : undefined;
  }

  /** Images are stored as `[batch, channels, height, width]` and computed with channels last. */
  channelsLast(name: string): GoldenTensor {
    const { shape, values } = this.tensor(name);
    return { shape: move(shape), values: toChannelsLast(values, shape) };
  }

  ids(name: string): Uint32Array<ArrayBuffer> {
    return Uint32Array.from(this.tensor(name).values);
  }

  /** The entries of `cases` in golden.json. */
  get cases(): readonly JsonObject[] {
    const cases = this.facts["cases"];
    return Array.isArray(cases) ? cases.filter(isJsonObject) : [];
  }
}

function move(shape: readonly number[]): readonly number[] {
  const [batch = 1, channels = 1, ...rest] = shape;
  return [batch, ...rest, channels];
}

export function toChannelsLast(values: ArrayLike<number>, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const [batch = 1, channels = 1, ...rest] = shape;
  const pixels = rest.reduce((left, right) => left * right, 1);
  const moved = new Float32Array(values.length);
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < pixels; p++) moved[(b * pixels + p) * channels + c] = values[(b * channels + c) * pixels + p] ?? 0;
    }
  }
  return moved;
}

/** RMS(actual - expected) / RMS(expected); NaN if the lengths differ or a value is not finite. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN;
  let difference = 0;
  let magnitude = 0;
  for (let i = 0; i < expected.length; i++) {
    const wanted = expected[i] ?? Number.NaN;
    difference += ((actual[i] ?? Number.NaN) - wanted) ** 2;
    magnitude += wanted ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / magnitude);
}

/** All tensors of a file, whatever its format. */
export async function readTensors(store: ByteStore, file: string): Promise<ReadonlyMap<string, GoldenTensor>> {
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, tensor] of (await readTensorFile(await store.open(file))).tensors) {
    const bytes = new Uint8Array(tensor.end - tensor.begin);
    await tensor.source.read(tensor.begin, bytes);
    tensors.set(name, { shape: tensor.shape, values: gathered(tensor, valuesOf(name, tensor.dtype, bytes)) });
  }
  return tensors;
}

const INTEGER_ARRAYS = new Map<Dtype, typeof Uint8Array | typeof Int32Array | typeof BigInt64Array>([
  ["BOOL", Uint8Array],
  ["I32", Int32Array],
  ["I64", BigInt64Array],
]);

function valuesOf(name: string, dtype: Dtype, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  if (isFloatDtype(dtype)) {
    const block = blockOf(dtype);
    const values = new Float32Array((bytes.byteLength / block.bytes) * block.elements);
    toFloat32(bytes, dtype, values);
    return values;
  }
  const Integers = INTEGER_ARRAYS.get(dtype);
  if (!Integers) throw new OnestrokeError("model-unsupported", `golden tensor ${name} is stored as ${dtype}`, { tensor: name, dtype });
  return Float32Array.from<number | bigint>(new Integers(bytes.buffer), Number);
}
