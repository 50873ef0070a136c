// A backend without a GPU, for unit tests: it draws a gradient that depends on prompt, seed
// and steps, and misbehaves on request. Never part of the app.
import { OnestrokeError } from "../../common/errors";
import type { GeneratedImage, ImageRequest, PipelineHooks, RgbaImage } from "../../pipeline/request";
import type { ModelInfo } from "../../protocol/messages";
import type { Backend, LoadedModel } from "../backend";

export const GRADIENT_INFO: ModelInfo = {
  name: "Gradient",
  license: "MIT",
  weightBytes: 1_000,
  defaultSize: 32,
  sizeMultiple: 16,
  maxSteps: 4,
  steering: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.5 },
    nag: { method: "nag", scale: 2, tau: 2.5, alpha: 0.5, sigmaEnd: 4 },
    sigmaEnd: 4,
  },
  adapter: "cpu",
  parts: [{ name: "unet", engine: "wgsl", byteLength: 1_000 }],
};

/** Words in a prompt that stand for a fault. */
export type Fault = "throw" | "hang" | "lose" | "blank" | "die" | "deaf";

export interface GradientBackend extends Backend {
  /** Of the models loaded, in order. */
  readonly roots: string[];
  readonly lose: (reason: string) => void;
}

/** @param faults what goes wrong on the n-th drawing of this backend, by its number from 0 */
export function gradientBackend(faults: readonly (Fault | undefined)[] = []): GradientBackend {
  let lose: (reason: string) => void = () => undefined;
  const lost = new Promise<string>((resolve) => (lose = resolve));
  const roots: string[] = [];
  let drawings = 0;

  async function generate(request: ImageRequest, hooks: PipelineHooks): Promise<GeneratedImage> {
    const fault = faults[drawings++];
    hooks.onProgress?.({ stage: "encode" });
    if (fault === "hang") await new Promise(() => undefined);
    for (let step = 1; step <= request.steps; step++) {
      hooks.onProgress?.({ stage: "step", step, steps: request.steps });
      await new Promise((resolve) => setTimeout(resolve, 1));
      hooks.signal?.throwIfAborted();
      if (step < request.steps) hooks.onPreview?.(gradient(request, step), step);
    }
    if (fault === "throw") throw new OnestrokeError("gpu-out-of-memory", "no room");
    if (fault === "die") throw new Error("a bug");
    // Many short waits: however slow this machine is, supervisors' ticks come between.
    if (fault === "deaf") for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    if (fault === "lose") {
      lose("crashed");
      await new Promise(() => undefined);
    }
    const image = gradient(request, request.steps);
    if (fault === "blank") image.data.fill(7);
    const denoise = Array.from({ length: request.steps }, () => 1);
    // It reads no text, only its length.
    const tokens = { prompt: request.prompt.length, negative: 0, most: 75 };
    return { image, timings: { load: 0, compile: 0, encode: 1, denoise, decode: 1 }, tokens };
  }

  return {
    lost,
    roots,
    lose: (reason) => lose(reason),
    async load({ root, engine = "wgsl" }, hooks): Promise<LoadedModel> {
      hooks.onEngine?.(engine);
      hooks.onProgress?.({ stage: "load", component: "unet", loadedBytes: 0, totalBytes: 1_000 });
      await Promise.resolve();
      hooks.signal?.throwIfAborted();
      if (root.includes("missing"))
        throw new OnestrokeError("model-missing", "unet/config.json is not there", { file: "unet/config.json" });
      roots.push(root);
      const info = { ...GRADIENT_INFO, parts: GRADIENT_INFO.parts.map((part) => ({ ...part, engine })) };
      return { info, generate, dispose: () => undefined };
    },
  };
}

function gradient({ prompt, seed, width, height }: ImageRequest, step: number): RgbaImage {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.set([(pixel * 3 + prompt.length) % 256, Number(seed % 251n), step * 40, 255], pixel * 4);
  }
  return { width, height, data };
}
