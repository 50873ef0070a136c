// Which files hold a component's weights: one safetensors file, its fp16 variant, or shards with an index; where there is none of these,
// the same in torch's format. The smaller variant is preferred. Where there is nothing that is read, the error names what is there.
import { OnestrokeError } from "../common/errors";
import type { ByteStore } from "./byte-source";
import { Fields, parseJsonObject, shown } from "../common/json";
import type { ManifestFile } from "../catalogue/components";
import type { WeightStem } from "../networks";
import { CONVERT, foreignError } from "./foreign-file";
import { firstExisting, readText } from "./read-file";

const singleFiles = (stem: WeightStem): readonly string[] => [`${stem}.fp16.safetensors`, `${stem}.safetensors`];

/** A variant can stand in either of two places in an index's name. */
const indexFiles = (stem: WeightStem): readonly string[] => [
  `${stem}.safetensors.index.fp16.json`,
  `${stem}.fp16.safetensors.index.json`,
  `${stem}.safetensors.index.json`,
];

/** transformers calls its files otherwise in this format. */
const torchStems = (stem: WeightStem): readonly string[] => [stem, "pytorch_model"];

const torchFiles = (stem: WeightStem): readonly string[] => torchStems(stem).flatMap((name) => [`${name}.fp16.bin`, `${name}.bin`]);

const torchIndexFiles = (stem: WeightStem): readonly string[] => torchStems(stem).map((name) => `${name}.bin.index.json`);

/** The same weights in formats that are not read. */
const OTHER_FILES = ["diffusion_flax_model.msgpack", "flax_model.msgpack", "tf_model.h5"];

const MOST_SHARDS = 1000;

/**
 * @param folder folder of the component; "" is the store's root
 * @throws OnestrokeError `model-missing` naming the file that was looked for, `model-unsupported` naming the file that was found instead;
 * `model-corrupt` for a bad index
 */
export async function weightFiles(
  store: ByteStore,
  folder: string,
  stem: WeightStem,
  signal?: AbortSignal,
): Promise<readonly ManifestFile[]> {
  const inFolder = (file: string): string => (folder === "" ? file : `${folder}/${file}`);
  for (const [files, indexes] of [
    [singleFiles(stem), indexFiles(stem)],
    [torchFiles(stem), torchIndexFiles(stem)],
  ] as const) {
    const single = await firstExisting(store, files.map(inFolder), signal);
    if (single !== undefined) return [await sized(store, single, signal)];
    const index = await firstExisting(store, indexes.map(inFolder), signal);
    if (index === undefined) continue;
    const shards = shardNames(await readText(store, index, signal), `${store.name}/${index}`);
    return Promise.all(shards.map((shard) => sized(store, inFolder(shard), signal)));
  }
  const other = await firstExisting(store, OTHER_FILES.map(inFolder), signal);
  if (other !== undefined) {
    const what = `${other}, which is not read, and no safetensors file`;
    throw foreignError(store.name, { what, code: "model-unsupported", remedy: CONVERT }, "holds");
  }
  const file = inFolder(`${stem}.safetensors`);
  // A graph beside is no other form of the weights: it may be one over these very files.
  const graph = (await store.exists(inFolder("model.onnx"), signal)) ? "; its ONNX graph is drawn on ONNX Runtime" : "";
  throw new OnestrokeError("model-missing", `${store.name} has neither ${file}, nor its fp16 variant, nor its shards${graph}`, { file });
}

/** The shard files of an index, each listed once, in order of first use. */
export function shardNames(text: string, where: string): readonly string[] {
  const map = new Fields(parseJsonObject(text, where), where).requiredObject("weight_map");
  const names = new Set<string>();
  for (const name of Object.values(map.object)) {
    // A shard is beside its index; an index that points anywhere else is not followed.
    if (typeof name !== "string" || !/^[\w.-]+\.(?:safetensors|bin)$/.test(name)) {
      throw new OnestrokeError("model-corrupt", `${where} names ${shown(name)} as a shard`, { file: where });
    }
    names.add(name);
  }
  if (names.size > MOST_SHARDS) throw new OnestrokeError("model-corrupt", `${where} names ${names.size} shards`, { file: where });
  if (names.size === 0) throw new OnestrokeError("model-corrupt", `${where} names no shard`, { file: where });
  return [...names];
}

async function sized(store: ByteStore, path: string, signal?: AbortSignal): Promise<ManifestFile> {
  const { size } = await store.open(path, signal);
  return { path, byteLength: size };
}
