// Numbers as the tensors that a model takes and gives, in its number formats.
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { fromFloat16, toFloat16 } from "../../common/float16";
import { OnestrokeError } from "../../common/errors";
import type { OrtRuntime } from "./runtime";

/**
 * @param shape if it is absent, `values` is one number, for an input of any rank
 * @throws OnestrokeError `model-unsupported` when the input has a type that no network here has
 */
export function tensorFrom(
  runtime: OrtRuntime,
  input: InferenceSession.ValueMetadata,
  values: ArrayLike<number>,
  shape?: readonly number[],
): Tensor {
  const dims = shape ?? (input.isTensor ? input.shape.map(() => 1) : []);
  const type = input.isTensor ? input.type : "no tensor";
  switch (type) {
    case "float32":
      return runtime.tensor(type, Float32Array.from(values), dims);
    case "float16":
      return runtime.tensor(type, Uint16Array.from(values, toFloat16), dims);
    case "int32":
      return runtime.tensor(type, Int32Array.from(values), dims);
    case "int64":
      return runtime.tensor(type, BigInt64Array.from(Array.from(values, (value) => BigInt(Math.round(value)))), dims);
    default:
      throw new OnestrokeError("model-unsupported", `the model's input ${input.name} is ${type}`, { input: input.name });
  }
}

/** @throws OnestrokeError `model-unsupported` when the tensor has a number format that Onestroke does not use */
export function valuesOf({ type, data }: Tensor): Float32Array<ArrayBuffer> {
  if (data instanceof Float32Array) return Float32Array.from(data);
  // Numbers if the browser has Float16Array, else their bits; the bytes are the same.
  if (type === "float16" && ArrayBuffer.isView(data)) {
    return Float32Array.from(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2), fromFloat16);
  }
  if (data instanceof Int32Array) return Float32Array.from(data);
  if (data instanceof BigInt64Array) return Float32Array.from(data, Number);
  throw new OnestrokeError("model-unsupported", `the model's output is ${type}`);
}

/** The same for a tensor that may be on the GPU. */
export async function readTensor(runtime: OrtRuntime, tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
  await runtime.enqueue(() => tensor.getData());
  return valuesOf(tensor);
}
