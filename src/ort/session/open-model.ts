// Reads from a stored ONNX file what a session is made of, with its graph rewritten if wanted.
import type { ByteSource, ByteStore } from "../../checkpoints/byte-source";
import { foreignBytes, foreignError, foreignText } from "../../checkpoints/foreign-file";
import { OnestrokeError } from "../../common/errors";
import { decodeModel } from "../onnx-graph/decode";
import { detachWeights, externalFiles } from "../onnx-graph/detach-weights";
import { encodeModel } from "../onnx-graph/encode";
import type { OnnxModel } from "../onnx-graph/model";
import type { ModelFiles } from "./session";

export interface OnnxFile {
  readonly store: ByteStore;
  /** Such as `unet/model.onnx`; its tensors may be in other files of the store. */
  readonly path: string;
}

/** A rewrite shares the weights of the model that it is given. */
export type Rewrite = (model: OnnxModel) => OnnxModel;

export interface ReadOptions {
  readonly rewrite?: Rewrite | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes that arrived since the last call. */
  readonly onBytes?: ((byteLength: number) => void) | undefined;
}

/** The name by which a rewritten graph refers to the file that still holds its weights. */
const ORIGINAL = "onestroke-original.onnx";

/** How much is read at once. Between two reads a cancel is noticed. */
const PART_BYTES = 4 * 2 ** 20;

/** A file above this size holds its weights itself, because a graph alone takes a few megabytes. */
const LARGEST_GRAPH_BYTES = 64 * 2 ** 20;

/**
 * The model's file, and the files that hold its tensors. A rewritten model is a new graph over the same bytes.
 * @throws OnestrokeError `model-missing`, `model-corrupt`, `model-unsupported`, `download-failed`, `cancelled`
 */
export async function readModel(file: OnnxFile, options: ReadOptions = {}): Promise<ModelFiles> {
  const { rewrite, signal } = options;
  const bytes = await readWhole(await file.store.open(file.path, signal), options);
  const foreign = foreignBytes(bytes);
  if (foreign !== undefined) throw foreignError(file.path, foreign);
  const model = decodeModel(bytes);
  const external: { readonly path: string; readonly data: Uint8Array }[] = [];
  for (const { location, source } of await openExternal(file, model, signal)) {
    const data = await readWhole(source, options);
    const pointer = foreignText(new TextDecoder().decode(data.subarray(0, 128)));
    if (pointer !== undefined) throw foreignError(source.name, pointer);
    external.push({ path: location, data });
  }
  if (rewrite === undefined) return { model: bytes, external };
  const rewritten = detachWeights(rewrite(model), bytes, ORIGINAL);
  return { model: encodeModel(rewritten), external: [...external, { path: ORIGINAL, data: bytes }] };
}

/** Size of a model as stored: its file and the files that hold its tensors. */
export async function storedBytes(file: OnnxFile, signal?: AbortSignal): Promise<number> {
  const source = await file.store.open(file.path, signal);
  if (source.size > LARGEST_GRAPH_BYTES) return source.size;
  const external = await openExternal(file, decodeModel(await readWhole(source, { signal })), signal);
  return external.reduce((sum, { source: { size } }) => sum + size, source.size);
}

async function openExternal(
  { store, path }: OnnxFile,
  model: OnnxModel,
  signal?: AbortSignal,
): Promise<readonly { readonly location: string; readonly source: ByteSource }[]> {
  const located = externalFiles(model).map((location) => ({ location, path: resolveLocation(location, path) }));
  return Promise.all(located.map(async ({ location, path: at }) => ({ location, source: await store.open(at, signal) })));
}

async function readWhole(source: ByteSource, { signal, onBytes }: ReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(source.size);
  for (let begin = 0; begin < source.size; begin += PART_BYTES) {
    const part = bytes.subarray(begin, begin + PART_BYTES);
    await source.read(begin, part, signal, onBytes);
  }
  return bytes;
}

/**
 * A location is relative to the model's folder, and may be in another folder of the checkpoint (`../vae/...`).
 * @throws OnestrokeError `model-corrupt` when it leaves the checkpoint
 */
function resolveLocation(location: string, path: string): string {
  const outside = () => {
    throw new OnestrokeError("model-corrupt", `${path} asks for data outside its checkpoint: ${JSON.stringify(location)}`, { location });
  };
  const parts = path.split("/").slice(0, -1);
  if (location === "" || location.includes("\\")) return outside();
  for (const part of location.split("/")) {
    if (part === ".") continue;
    // An absolute address begins with an empty part.
    if (part === "" || (part === ".." && parts.length === 0)) return outside();
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}
