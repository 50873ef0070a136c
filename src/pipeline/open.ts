// Opens a model on the engine asked for. The worker and the command line share it; they differ in where files are (places)
// and in how they get a GPU and ONNX Runtime (compute).
import { manifestOf, type ModelFiles } from "../checkpoints/places";
import type { DrawHooks } from "../common/drawing";
import type { Engine } from "../common/engine";
import { OnestrokeError } from "../common/errors";
import type { Device } from "../engine/device";
import type { OrtRuntime } from "../ort/session/runtime";
import type { Model } from "./draw";
import { openWgslModel } from "./wgsl/model";
import type { WgslOptions } from "./wgsl/options";
import { USUAL_MEMORY_BYTES } from "./wgsl/needs";
import { isFull, withRoom } from "./with-room";

export type OrtEngine = Exclude<Engine, "wgsl">;

/** What a worker or a process computes with. */
export interface Compute {
  /** @throws OnestrokeError `gpu-unavailable` */
  readonly device: () => Device;
  /** It is started when it is first asked for. @throws OnestrokeError `gpu-unavailable`, `worker-died`, `cancelled` */
  readonly runtime: (engine: OrtEngine, hooks: DrawHooks) => Promise<OrtRuntime>;
  /** Asks whoever else computes on the GPU for memory of it. @returns whether there is more now */
  readonly makeRoom?: () => Promise<boolean>;
}

/** @throws OnestrokeError `model-*`, `gpu-*`, `download-failed`, `worker-died`, `cancelled` */
export async function openModel(
  files: ModelFiles,
  engine: Engine,
  { device, runtime, makeRoom = async () => false }: Compute,
  hooks: DrawHooks = {},
  options: WgslOptions = {},
): Promise<Model> {
  if (engine === "wgsl") {
    const manifest = await manifestOf(files, hooks.signal);
    return openWithin(options.memoryBytes, (within) => withRoom(() => openWgslModel(manifest, device(), hooks, within), makeRoom), options);
  }
  const what = files.file !== undefined ? "a checkpoint in one file" : (files.loras ?? []).length > 0 ? "a LoRA" : undefined;
  if (what !== undefined) {
    throw new OnestrokeError("model-unsupported", `ONNX Runtime reads graphs, and ${what} is none`, {
      remedy: "Draw it on the engine wgsl.",
    });
  }
  // It is fetched only when a model is drawn with it.
  const { openOnnxModel } = await scriptOf(import("./ort/model"));
  return openOnnxModel(files, await runtime(engine, hooks), hooks, options);
}

/** A browser does not tell how much memory a GPU has. Where it turns out to have less, the networks take more turns. */
const SMALLER_MEMORIES = [4e9, 2.2e9];

async function openWithin(
  memoryBytes: number | undefined,
  open: (options: WgslOptions) => Promise<Model>,
  options: WgslOptions,
): Promise<Model> {
  try {
    return await open(memoryBytes === undefined ? options : { ...options, memoryBytes });
  } catch (error) {
    const smaller = SMALLER_MEMORIES.find((bytes) => bytes < (memoryBytes ?? USUAL_MEMORY_BYTES));
    if (!isFull(error) || smaller === undefined) throw error;
    return openWithin(smaller, open, options);
  }
}

/** A script that is fetched when it is needed. Some browsers remember a failed fetch for as long as the worker lives. */
export function scriptOf<Script>(script: Promise<Script>): Promise<Script> {
  return script.catch((cause: unknown) => {
    throw new OnestrokeError("worker-died", "the script of ONNX Runtime's engine could not be loaded", {}, cause);
  });
}
