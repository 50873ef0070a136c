// Tensors that go to the GPU as they are stored: which do, how they are cut, and what is said of values that turn out to be no finite
// float16.
import { STORED_BYTES, type StoredNumbers, type StoredPiece } from "../common/stored-pieces";
import type { WeightFormat } from "../common/weight-format";
import type { Dtype } from "./dtype";
import type { StoredTensor } from "./stored-tensor";
import { refuseCounts } from "./tensor-values";

const NUMBERS: Readonly<Partial<Record<Dtype, StoredNumbers>>> = { F16: "f16", BF16: "bf16", F32: "f32" };

/** What `tensor` is as the GPU reads it; undefined where it must be made into `format` before. */
export function storedNumbers({ dtype, strides, blocks }: StoredTensor, format: WeightFormat): StoredNumbers | undefined {
  return format === "f16" && strides === undefined && blocks === undefined ? NUMBERS[dtype] : undefined;
}

/** Bytes `[begin, end)` of the file, which are at `at` in a slice. */
export function storedPiece(
  key: string,
  tensor: StoredTensor,
  numbers: StoredNumbers,
  { begin, end, at }: { readonly begin: number; readonly end: number; readonly at: number },
): Omit<StoredPiece, "added"> {
  const bytes = STORED_BYTES[numbers];
  return {
    key,
    numbers,
    at,
    first: (begin - tensor.begin) / bytes,
    count: (end - begin) / bytes,
    refuse: (found) => refuseCounts(key, tensor, found),
  };
}
