// What computes in this worker: our own kernels on the GPU, or ONNX Runtime on the same GPU or on WASM.
import { memoryStore } from "../checkpoints/memory-source";
import type { LoraAt, ModelFiles } from "../checkpoints/places";
import type { HandedLora } from "../common/download";
import type { Drawing, DrawTogetherHooks } from "../common/drawing";
import { OnestrokeError } from "../common/errors";
import type { WideNetwork } from "../common/wide-network";
import { Device, openDevice } from "../engine/device";
import type { OrtRuntime } from "../ort/session/runtime";
import type { Model } from "../pipeline/draw";
import { openModel, scriptOf, type Compute, type OrtEngine } from "../pipeline/open";
import { withRoom } from "../pipeline/with-room";
import { graphFile } from "../pipeline/ort/graph-file";
import { createBrowserVault } from "../vault/browser-vault";
import { indexedRows } from "../vault/rows";
import type { Roots } from "../protocol/messages";
import type { Backend, LoadedModel } from "./backend";
import { loraHash } from "./merged-loras";
import { openFiles, SOON } from "./open-files";
import { openProved } from "./open-proved";
import { keptTunings } from "./tunings";

/**
 * Opening never fails for lack of a GPU; loading a model does, if the model needs one.
 * @param makeRoom asks others for memory of the GPU. @returns whether there is more now
 */
export async function openBackend({ modelsRoot, runtimeRoot }: Roots, makeRoom: () => Promise<boolean>): Promise<Backend> {
  const opened = await openDevice(navigator.gpu).catch((thrown: unknown) => OnestrokeError.from(thrown, "gpu-unavailable"));
  const vault = await createBrowserVault({ transfer: SOON });
  const compute = { ...computeWith(opened, runtimeRoot), makeRoom };
  const tunings = keptTunings(indexedRows("onestroke-tuning"), navigator.userAgent);
  /** What float16 broke, by the model's id: a model that comes back does not break again. */
  const wide = new Map<string, readonly WideNetwork[]>();
  const load: Backend["load"] = async (id, asked, hooks, handed, loras = [], numbers = {}) => {
    const merged = await Promise.all(loras.map((lora) => loraAt(lora, hooks.signal)));
    const files = { ...(await openFiles(id, vault, modelsRoot, handed, hooks)), loras: merged };
    try {
      const engine = asked ?? (opened instanceof OnestrokeError ? await engineWithoutGpu(files, opened, hooks.signal) : "wgsl");
      hooks.onEngine?.(engine);
      const device = engine === "wgsl" ? compute.device() : undefined;
      if (device !== undefined) await tunings.use(device, numbers.products);
      const inFloat32 = numbers.inFloat32 ?? wide.get(id) ?? [];
      const model = await openProved(files, () =>
        openModel(files, engine, compute, hooks, { inFloat32, weights: numbers.weights ?? "fitting", size: hooks.size }),
      );
      if (model === undefined) {
        await files.release();
        return load(id, asked, hooks, handed, loras, numbers);
      }
      return {
        get facts() {
          return model.facts;
        },
        drawTogether: async (...request) => {
          const drawings = await drawInRoom(model, makeRoom, ...request);
          for (const { recipe } of drawings) if (recipe.inFloat32 !== undefined) wide.set(id, recipe.inFloat32);
          return drawings;
        },
        ...(device === undefined || numbers.products === "table"
          ? {}
          : { tune: (tuneHooks) => tunings.keeping(device, () => model.tune(tuneHooks)) }),
        textLength: (text, emphasis) => model.textLength(text, emphasis),
        meaning: (recipe) => model.meaning(recipe),
        dispose: async () => {
          await model.dispose();
          await files.release();
        },
      };
    } catch (thrown) {
      await files.release();
      throw thrown;
    }
  };
  return {
    lost: opened instanceof OnestrokeError ? new Promise(() => undefined) : opened.lost.then(({ reason, message }) => message || reason),
    tellSeen: (isSeen) => {
      if (opened instanceof Device) opened.pace.isSeen = isSeen;
    },
    load,
  };
}

/** Draws, and where there is no memory left asks for some and draws once more; but no picture that somebody has is drawn again. */
async function drawInRoom(
  model: Model,
  makeRoom: () => Promise<boolean>,
  ...[recipes, hooks = {}, start]: Parameters<LoadedModel["drawTogether"]>
): Promise<readonly Drawing[]> {
  let told = 0;
  const onDrawn: DrawTogetherHooks["onDrawn"] = (drawing, index) => {
    told++;
    hooks.onDrawn?.(drawing, index);
  };
  return withRoom(
    () => model.drawTogether(recipes, { ...hooks, onDrawn }, start),
    async () => told === 0 && makeRoom(),
  );
}

/** @throws OnestrokeError `model-missing` where the page does not have its file */
async function loraAt({ name, weight, file }: HandedLora, signal: AbortSignal | undefined): Promise<LoraAt> {
  if (file === undefined) {
    throw new OnestrokeError("model-missing", `the LoRA ${name} is not here`, {
      lora: name,
      remedy: "Drop its file on the page, or take it out of the recipe.",
    });
  }
  const path = `${name}.safetensors`;
  const store = memoryStore("the opened files", new Map([[path, file]]));
  return { store, path, weight, hash: await loraHash({ name, file }, signal) };
}

function computeWith(opened: Device | OnestrokeError, runtimeRoot: string | undefined): Omit<Compute, "makeRoom"> {
  /** One runtime for each of the two ONNX engines, created when it is first needed. */
  const runtimes = new Map<OrtEngine, Promise<OrtRuntime>>();
  const device = (): Device => {
    if (opened instanceof OnestrokeError) throw opened;
    return opened;
  };
  return {
    device,
    runtime: (engine, { signal, onProgress }) => {
      const known = runtimes.get(engine);
      if (known !== undefined) return known;
      const onBytes = (loadedBytes: number, totalBytes: number): void =>
        onProgress?.({ stage: "load", component: "onnxruntime", loadedBytes, totalBytes });
      const on = engine === "ort-webgpu" ? device() : undefined;
      const starting = scriptOf(import("../ort/session/load-browser")).then(({ browserRuntime }) =>
        browserRuntime(on, { signal, onBytes }, runtimeRoot),
      );
      runtimes.set(engine, starting);
      // A failure is not remembered: the next attempt may succeed.
      starting.catch(() => runtimes.delete(engine));
      return starting;
    },
  };
}

async function engineWithoutGpu({ base }: ModelFiles, refused: OnestrokeError, signal: AbortSignal | undefined): Promise<OrtEngine> {
  if (base !== undefined && (await graphFile(base, "unet", signal)) !== undefined) return "ort-wasm";
  throw refused;
}
