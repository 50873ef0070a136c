// ONNX Runtime Web in Node, for the command line and tests: WASM on one thread.
import { OrtRuntime } from "./runtime";

export async function nodeRuntime(): Promise<OrtRuntime> {
  return new OrtRuntime(await import("onnxruntime-web"), { provider: "wasm" });
}
