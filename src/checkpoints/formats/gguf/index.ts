// GGUF, the format of llama.cpp, in which quantised UNets and whole checkpoints are published: a header of keys and values and of
// tensors, then their data, aligned. Names are those of the file that was converted. Format: ggml's docs/gguf.md.
import { OnestrokeError } from "../../../common/errors";
import type { ByteSource } from "../../byte-source";
import { blockOf, type Dtype } from "../../dtype";
import type { StoredTensor, StoredTensors } from "../../stored-tensor";
import { GgufReader, type GgufValue } from "./reader";

/** ggml's numbers of the formats that are read. */
const TYPES: ReadonlyMap<number, Dtype> = new Map([
  [0, "F32"],
  [1, "F16"],
  [2, "Q4_0"],
  [6, "Q5_0"],
  [8, "Q8_0"],
  [12, "Q4_K"],
  [24, "I8"],
  [25, "I16"],
  [26, "I32"],
  [27, "I64"],
  [28, "F64"],
  [30, "BF16"],
]);

/** What people meet besides, for messages. */
const OTHER_TYPES: ReadonlyMap<number, string> = new Map([
  [3, "Q4_1"],
  [7, "Q5_1"],
  [10, "Q2_K"],
  [11, "Q3_K"],
  [13, "Q5_K"],
  [14, "Q6_K"],
  [15, "Q8_K"],
]);

const MAX_TENSORS = 100_000;
const MAX_RANK = 4;

/** Where a converter keeps the shape of a tensor that it flattened to fill whole blocks. */
const ORIGINAL_SHAPE = "comfy.gguf.orig_shape.";

/** @throws OnestrokeError `model-corrupt`, `model-unsupported` naming the format; what `source.read` throws */
export async function readGgufFile(source: ByteSource, signal?: AbortSignal): Promise<StoredTensors> {
  const reader = new GgufReader(source, signal);
  await reader.skip(4);
  const version = await reader.u32();
  if (version !== 2 && version !== 3) throw unsupported(source, `is GGUF of version ${version}, and 2 and 3 are read`);
  const tensorCount = await reader.u64();
  const keyCount = await reader.u64();
  if (tensorCount > MAX_TENSORS || keyCount > MAX_TENSORS) throw corrupt(source, `announces ${tensorCount} tensors and ${keyCount} keys`);
  const keys = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) keys.set(await reader.text(), await reader.value());
  const listed: { readonly name: string; readonly shape: readonly number[]; readonly type: number; readonly offset: number }[] = [];
  for (let i = 0; i < tensorCount; i++) {
    const name = await reader.text();
    const rank = await reader.u32();
    if (rank > MAX_RANK) throw corrupt(source, `has a tensor "${name.slice(0, 80)}" of ${rank} axes`);
    const shape: number[] = [];
    // The innermost axis comes first.
    for (let axis = 0; axis < rank; axis++) shape.unshift(await reader.u64());
    listed.push({ name, shape, type: await reader.u32(), offset: await reader.u64() });
  }
  const alignment = keys.get("general.alignment") ?? 32;
  if (typeof alignment !== "number" || !(alignment >= 1 && alignment <= 2 ** 20)) throw corrupt(source, "has no valid alignment");
  const dataBegin = Math.ceil(reader.position / alignment) * alignment;
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape: stored, type, offset } of listed) {
    const dtype = TYPES.get(type);
    if (dtype === undefined) {
      const called = OTHER_TYPES.get(type) ?? `of ggml's type ${type}`;
      throw unsupported(
        source,
        `has weights that are ${called}, and of GGUF's formats ${[...TYPES.values()].slice(0, 6).join(", ")} are read`,
      );
    }
    const { bytes, elements } = blockOf(dtype);
    const size = product(stored);
    const begin = dataBegin + offset;
    const end = begin + (size / elements) * bytes;
    if (!Number.isSafeInteger(end) || end > source.size || tensors.has(name)) {
      throw corrupt(source, `has a tensor "${name.slice(0, 80)}" that is not within it, or is there twice`);
    }
    tensors.set(name, { source, dtype, shape: shapeOf(keys.get(`${ORIGINAL_SHAPE}${name}`), stored), begin, end });
  }
  return tensors;
}

/** The shape before the converter flattened the tensor, if it says one that holds as many values. */
function shapeOf(original: GgufValue | undefined, stored: readonly number[]): readonly number[] {
  if (!Array.isArray(original)) return stored;
  const shape = original.map(Number);
  return shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0) && product(shape) === product(stored) ? shape : stored;
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

function corrupt(source: ByteSource, problem: string): OnestrokeError {
  return new OnestrokeError("model-corrupt", `${source.name} ${problem}`, { file: source.name });
}

function unsupported(source: ByteSource, problem: string): OnestrokeError {
  return new OnestrokeError("model-unsupported", `${source.name} ${problem}`, {
    file: source.name,
    remedy: "Use a file in Q8_0, Q4_0, Q5_0, Q4_K or F16 (names of files end in one of these), or the model's safetensors file.",
  });
}
