// ONNX Runtime Web in a browser: the build that fits, with its WASM of 14 to 27 MB, which is fetched from beside the
// page when it is first asked for, and kept for later visits. It is fetched here and not by the runtime, which would
// report no progress and, after a failure, would never try again.
import jspiUrl from "onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url";
import webgpuUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type { Device } from "../../engine/device";
import { OnestrokeError, throwIfCancelled } from "../../common/errors";
import { keepRuntime, keptRuntime } from "../../common/kept-runtime";
import { OrtRuntime, type OrtModule } from "./runtime";

interface Build {
  readonly open: () => Promise<OrtModule>;
  readonly url: string;
  /** Its published name. */
  readonly file: string;
  /** Size of its WASM as published, of which progress is a share. */
  readonly byteLength: number;
}

export const BUILDS = {
  jspi: { open: () => import("onnxruntime-web/jspi"), url: jspiUrl, file: "ort-wasm-simd-threaded.jspi.wasm", byteLength: 16_758_545 },
  webgpu: {
    open: () => import("onnxruntime-web/webgpu"),
    url: webgpuUrl,
    file: "ort-wasm-simd-threaded.asyncify.wasm",
    byteLength: 26_781_914,
  },
  wasm: { open: () => import("onnxruntime-web/wasm"), url: wasmUrl, file: "ort-wasm-simd-threaded.wasm", byteLength: 14_239_897 },
} as const satisfies Readonly<Record<string, Build>>;

/** The smallest build that works here. JSPI's is 10 MB smaller than the one that rewinds stacks by itself. */
export function buildFor(device: Device | undefined, wasm: object = WebAssembly): keyof typeof BUILDS {
  if (device === undefined) return "wasm";
  return "Suspending" in wasm ? "jspi" : "webgpu";
}

/** The bytes "\0asm". */
const WASM_MAGIC = [0x00, 0x61, 0x73, 0x6d];

export interface DownloadHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: (loadedBytes: number, totalBytes: number) => void;
}

/**
 * @param device shared with our own engine, so that each can use the other's buffers; without a device WASM computes
 * @param root an address with the WASM files under their published names, where they do not lie beside this script
 * @throws OnestrokeError `download-failed`, `worker-died`, `cancelled`
 */
export async function browserRuntime(device: Device | undefined, hooks: DownloadHooks = {}, root?: string): Promise<OrtRuntime> {
  const build: Build = BUILDS[buildFor(device)];
  const url = root === undefined ? build.url : new URL(build.file, root).href;
  const binary = (await keptRuntime(url, build.byteLength)) ?? (await downloadAndKeep(url, build.byteLength, hooks));
  const module = await build.open().catch((cause: unknown) => {
    // Some browsers remember, for as long as the worker lives, that a script could not be loaded.
    throw new OnestrokeError("worker-died", "ONNX Runtime's script could not be loaded", {}, cause);
  });
  module.env.wasm.wasmBinary = binary;
  return new OrtRuntime(module, device ? { provider: "webgpu", device } : { provider: "wasm" });
}

async function downloadAndKeep(url: string, byteLength: number, hooks: DownloadHooks): Promise<Uint8Array<ArrayBuffer>> {
  const binary = await download(url, byteLength, hooks);
  await keepRuntime(url, binary);
  return binary;
}

/** @param byteLength about how many bytes will come, because a server that compresses does not say */
export async function download(url: string, byteLength: number, { signal, onBytes }: DownloadHooks): Promise<Uint8Array<ArrayBuffer>> {
  let loaded = 0;
  const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(part, controller) {
      loaded += part.byteLength;
      onBytes?.(Math.min(loaded, byteLength), byteLength);
      controller.enqueue(part);
    },
  });
  try {
    const response = await fetch(url, { signal: signal ?? null });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const bytes = new Uint8Array(await new Response(response.body.pipeThrough(count)).arrayBuffer());
    if (WASM_MAGIC.some((byte, index) => bytes[index] !== byte)) throw new Error("the server sent something else");
    return bytes;
  } catch (cause) {
    throwIfCancelled(signal);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OnestrokeError("download-failed", `ONNX Runtime could not be downloaded: ${why}`, { file: url }, cause);
  }
}
