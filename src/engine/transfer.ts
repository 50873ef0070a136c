// Between logical arrays (unpadded, channels last) and a tensor's bytes in GPU memory.
import { invariant } from "../common/errors";
import { fromFloat16, toFloat16 } from "../common/float16";
import { channelsOf, product, rowsOf, strideOf, type NumberFormat, type Tensor } from "./tensor";

export type TensorData = Float32Array | Uint32Array;

type Packed = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** An array of the tensor's bytes, padding zero. Made once and filled by `encodeTensor`. */
export function stagingFor(tensor: Tensor, format: NumberFormat): Packed {
  const length = rowsOf(tensor) * strideOf(tensor);
  if (tensor.element === "u32") return new Uint32Array(length);
  return tensor.element === "activation" && format === "f16" ? new Uint16Array(length) : new Float32Array(length);
}

/**
 * Fills `staging` from logical `data`.
 * @returns whether any value differs from what `staging` held
 */
export function encodeTensor(tensor: Tensor, data: TensorData, staging: Packed): boolean {
  invariant(data.length === product(tensor.shape), `${data.length} values for [${tensor.shape.join(", ")}]`);
  const channels = channelsOf(tensor);
  const stride = strideOf(tensor);
  const half = staging instanceof Uint16Array;
  let changed = false;
  for (let row = 0; row < rowsOf(tensor); row++) {
    for (let channel = 0; channel < channels; channel++) {
      const value = data[row * channels + channel] ?? 0;
      const index = row * stride + channel;
      const before = staging[index];
      staging[index] = half ? toFloat16(value) : value;
      changed ||= staging[index] !== before;
    }
  }
  return changed;
}

/** Logical values of a tensor's bytes; f32 for floats. */
export function decodeTensor(tensor: Tensor, bytes: ArrayBuffer, format: NumberFormat): TensorData {
  const half = tensor.element === "activation" && format === "f16";
  const packed = half ? new Uint16Array(bytes) : tensor.element === "u32" ? new Uint32Array(bytes) : new Float32Array(bytes);
  const values = tensor.element === "u32" ? new Uint32Array(product(tensor.shape)) : new Float32Array(product(tensor.shape));
  const channels = channelsOf(tensor);
  const stride = strideOf(tensor);
  for (let row = 0; row < rowsOf(tensor); row++) {
    for (let channel = 0; channel < channels; channel++) {
      const value = packed[row * stride + channel] ?? 0;
      values[row * channels + channel] = half ? fromFloat16(value) : value;
    }
  }
  return values;
}
