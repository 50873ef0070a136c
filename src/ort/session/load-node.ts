// ONNX Runtime Web in Node, for the command line and tests: WASM on one thread, or its WebGPU build on
// Dawn (engine/node-gpu.ts), which it was not made for and for which three things have to be fixed.
import { setFlagsFromString } from "node:v8";
import type { Device } from "../../engine/device";
import { nodeGpu } from "../../engine/node-gpu";
import { OrtRuntime } from "./runtime";

/** @param device a device of `nodeGpu`; without it WASM computes */
export async function nodeRuntime(device?: Device): Promise<OrtRuntime> {
  if (!device) return new OrtRuntime(await import("onnxruntime-web"), { provider: "wasm" });
  // The optimising compiler takes minutes over functions that rewind their own stack, and Node waits
  // for it when it has nothing else to do. All that these functions do is feed the GPU.
  setFlagsFromString("--liftoff-only");
  // The runtime only asks whether there is any adapter.
  if (!("navigator" in globalThis)) Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  if (!("gpu" in navigator)) Object.defineProperty(navigator, "gpu", { value: nodeGpu(), configurable: true });
  acceptSharedMemory(device.gpu.queue);
  return new OrtRuntime(await import("onnxruntime-web/webgpu"), { provider: "webgpu", device });
}

/** Dawn's binding refuses views of shared memory, which the runtime's heap is even when it runs on one thread. */
function acceptSharedMemory(queue: GPUQueue): void {
  const write = queue.writeBuffer.bind(queue);
  queue.writeBuffer = (buffer, offset, data, ...range) => {
    const isShared = ArrayBuffer.isView(data) && data.buffer instanceof SharedArrayBuffer;
    write(buffer, offset, isShared ? new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) : data, ...range);
  };
}
