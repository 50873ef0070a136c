// What a path is that was named as a model but is not one: a graph, or a folder in another layout. The error says what it holds and
// what to do next.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { foreignError, type Foreign } from "../checkpoints/foreign-file";
import { otherThanOriginal } from "../checkpoints/foreign-weights";
import { nodeStore } from "../checkpoints/node-file";
import { readTensorFile } from "../checkpoints/tensor-file";
import { graphFile } from "../pipeline/ort/graph-file";

/** The names of weight files, in any format. */
const WEIGHTS = /\.(?:safetensors|ckpt|pth?|bin|gguf|msgpack|h5)$/i;

export const GRAPHS: Foreign = {
  what: "ONNX graphs, which our own engine does not draw",
  remedy: "Draw it on ONNX Runtime, with --engine ort-webgpu or --engine ort-wasm.",
  code: "model-unsupported",
};

const ORIGINAL: Foreign = { what: "a whole checkpoint in the original layout", remedy: "Open the file.", code: "model-unsupported" };

const FOLDER = "Open the model's folder, the one with model_index.json.";

/** A graph is a file, but no model. @throws OnestrokeError */
export function refuseGraph(path: string): void {
  if (/\.onnx$/i.test(path)) throw foreignError(path, { ...GRAPHS, what: "one ONNX graph of a whole model", remedy: FOLDER });
}

/** @throws OnestrokeError unless the folder has an index, or holds nothing that is recognised */
export async function refuseOtherLayouts(folder: string): Promise<void> {
  const store = nodeStore(folder);
  if (await store.exists("model_index.json")) return;
  if ((await graphFile(store, "unet")) !== undefined) throw foreignError(folder, GRAPHS, "holds");
  const weights = (await readdir(folder)).toSorted().find((name) => WEIGHTS.test(name));
  if (weights === undefined) return;
  const { tensors } = await readTensorFile(await store.open(weights));
  const { what, ...foreign } = otherThanOriginal([...tensors.keys()]) ?? {
    ...ORIGINAL,
    remedy: `Open the file: --model ${join(folder, weights)}`,
  };
  throw foreignError(join(folder, weights), { ...foreign, what: `${what}; the folder has no model_index.json` }, "holds");
}
