// Rules 8 and 15 of the safetensors rules, for files of every format: weights are floating-point numbers, finite and within float16.
import type { NotFinite } from "../common/stored-pieces";
import { blockOf, isFloatDtype, toFloat32, type FloatDtype } from "./dtype";
import { ruleError } from "./safetensors";
import type { StoredTensor } from "./stored-tensor";

/** float16 that is only copied is checked in tensors of up to this many values: norms, biases, embeddings of time. */
export const CHECKED_VALUES = 65536;

const MOST_FLOAT16 = 65504;

export function floatDtype(name: string, { dtype, source }: StoredTensor): FloatDtype {
  if (isFloatDtype(dtype)) return dtype;
  throw ruleError(
    8,
    source.name,
    `is stored as ${dtype}, but weights are read only from floating-point numbers, such as float16, and from GGUF's quantised ones`,
    name,
    "model-unsupported",
  );
}

export function float32Of(stored: Uint8Array<ArrayBuffer>, dtype: FloatDtype): Float32Array<ArrayBuffer> {
  const { bytes, elements } = blockOf(dtype);
  const values = new Float32Array((stored.byteLength / bytes) * elements);
  toFloat32(stored, dtype, values);
  return values;
}

/** The same for values that the GPU has counted, of a tensor that goes there as it is stored. */
export function refuseCounts(name: string, tensor: StoredTensor, found: NotFinite): void {
  const count = tensor.shape.reduce((size, axis) => size * axis, 1);
  if (tensor.dtype !== "F16" || count <= CHECKED_VALUES) refuseMerged(name, tensor, found);
}

/** The same for values that something was added to. */
export function refuseMerged(name: string, tensor: StoredTensor, { stored, rounded }: NotFinite): void {
  if (stored > 0) throw notFinite(name, tensor, stored);
  if (rounded > 0) throw beyondFloat16(name, tensor, rounded);
}

/** @param exact the values that `bits` was rounded from: they tell a damaged file from a file with values beyond float16 */
export function refuseNonFiniteHalves(name: string, tensor: StoredTensor, bits: Uint16Array, exact: () => Float32Array): void {
  let count = 0;
  for (let i = 0; i < bits.length; i++) if (((bits[i] ?? 0) & 0x7c00) === 0x7c00) count++;
  if (count === 0) return;
  refuseNonFinite(name, tensor, exact());
  throw beyondFloat16(name, tensor, count);
}

/** The same for values that become blocks, whose scales and minima are float16. */
export function refuseBeyondFloat16(name: string, tensor: StoredTensor, values: Float32Array): void {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i] ?? 0) <= MOST_FLOAT16)) count++;
  if (count === 0) return;
  refuseNonFinite(name, tensor, values);
  throw beyondFloat16(name, tensor, count);
}

export function refuseNonFinite(name: string, tensor: StoredTensor, values: Float32Array): void {
  const count = values.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0);
  if (count > 0) throw notFinite(name, tensor, count);
}

function notFinite(name: string, { source }: StoredTensor, count: number) {
  return ruleError(15, source.name, `has ${count} values that are NaN or infinite`, name);
}

function beyondFloat16(name: string, { source }: StoredTensor, count: number) {
  return ruleError(15, source.name, `has ${count} values beyond float16`, name, "model-unsupported");
}
