// A component as most are published: its weights in one safetensors file, all in float16, where it has them in blocks.
import { openComponent, type Component } from "../manifest";
import { halvesOf } from "./halves";
import { safetensorsFile, type TestTensor } from "./safetensors-file";

export async function inFloat16(part: Component): Promise<Uint8Array<ArrayBuffer>> {
  const reader = await openComponent(part);
  const tensors = new Map<string, TestTensor>();
  for (const [name, { buffer, byteOffset, byteLength }] of await halvesOf(reader, reader.names)) {
    tensors.set(name, { dtype: "F16", shape: reader.shape(name), data: new Uint8Array(buffer, byteOffset, byteLength) });
  }
  return safetensorsFile(tensors);
}
