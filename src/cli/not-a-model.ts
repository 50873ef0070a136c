// What a path is that was named as a model but is not one: a file, or a folder in another layout. The error says what it holds and
// what to do next.
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { foreignError, type Foreign } from "../checkpoints/foreign-file";
import { singleFile } from "../checkpoints/foreign-weights";
import { nodeStore } from "../checkpoints/node-file";
import { graphFile } from "../pipeline/ort/graph-file";

/** The names of weight files, in any format. */
const WEIGHTS = /\.(?:safetensors|ckpt|pth?|bin|gguf|msgpack|h5)$/i;

export const GRAPHS: Foreign = {
  what: "ONNX graphs, which our own engine does not draw",
  remedy: "Draw it on ONNX Runtime, with --engine ort-webgpu or --engine ort-wasm.",
  code: "model-unsupported",
};

const FOLDER = "Open the model's folder, the one with model_index.json.";

/** @throws OnestrokeError, always */
export async function refuseFile(path: string): Promise<never> {
  if (/\.onnx$/i.test(path)) throw foreignError(path, { ...GRAPHS, what: "one ONNX graph of a whole model", remedy: FOLDER });
  const source = await nodeStore(dirname(path)).open(basename(path));
  throw foreignError(path, await singleFile(source), "holds");
}

/** @throws OnestrokeError unless the folder has an index, or holds nothing that is recognised */
export async function refuseOtherLayouts(folder: string): Promise<void> {
  const store = nodeStore(folder);
  if (await store.exists("model_index.json")) return;
  if ((await graphFile(store, "unet")) !== undefined) throw foreignError(folder, GRAPHS, "holds");
  const weights = (await readdir(folder)).toSorted().find((name) => WEIGHTS.test(name));
  if (weights === undefined) return;
  const { what, ...foreign } = await singleFile(await store.open(weights));
  throw foreignError(join(folder, weights), { ...foreign, what: `${what}; the folder has no model_index.json` }, "holds");
}
