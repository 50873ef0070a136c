// From a stored ONNX file to what a session is made of, steered if wanted.
import type { ByteSource, ByteStore } from "../../checkpoints/byte-source";
import { OnestrokeError } from "../../errors";
import { decodeModel } from "../onnx-graph/decode";
import { detachWeights, externalFiles } from "../onnx-graph/detach-weights";
import { encodeModel } from "../onnx-graph/encode";
import { steerGraph } from "../steer-graph";
import type { SteeringMethod } from "../steer-graph/combine";
import type { ModelFiles } from "./session";

export interface OnnxFile {
  readonly store: ByteStore;
  /** `unet/model.onnx`; external data lies beside it. */
  readonly path: string;
}

/** The name under which a rewritten graph finds the file its weights stayed in. */
const ORIGINAL = "onestroke-original.onnx";

/**
 * The file, and the files its tensors are in. A steered model is a new graph over the same bytes.
 * @throws OnestrokeError `model-missing`, `model-corrupt`, `model-unsupported`, `download-failed`, `cancelled`
 */
export async function readModel({ store, path }: OnnxFile, method?: SteeringMethod, signal?: AbortSignal): Promise<ModelFiles> {
  const bytes = await readWhole(await store.open(path, signal), signal);
  const model = decodeModel(bytes);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const external: { readonly path: string; readonly data: Uint8Array }[] = [];
  for (const name of externalFiles(model)) {
    external.push({ path: name, data: await readWhole(await store.open(folder + plainName(name, path), signal), signal) });
  }
  if (method === undefined) return { model: bytes, external };
  const steered = detachWeights(steerGraph(model, method), bytes, ORIGINAL);
  return { model: encodeModel(steered), external: [...external, { path: ORIGINAL, data: bytes }] };
}

async function readWhole(source: ByteSource, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes, signal);
  return bytes;
}

/** A model names files beside it, never elsewhere. */
function plainName(location: string, path: string): string {
  const name = location.replace(/^\.\//, "");
  if (name === "" || name.split(/[\\/]/).some((part) => part === "" || part === "..")) {
    throw new OnestrokeError("model-corrupt", `${path} asks for data outside its folder: ${location}`, { location });
  }
  return name;
}
