// Finds the model that a command line names: an id of the catalogue, a folder, a file, or a repository of the model hub. A folder or
// file may also lie in one's own folder of models. What is on the hub is fetched into the hub's own cache folder, unless it is there already.
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { catalogueEntry } from "../../catalogue/entries";
import type { CatalogueEntry } from "../../catalogue/entry";
import { checkFiles } from "../../checkpoints/check-files";
import type { SingleFileOptions } from "../../checkpoints/formats/original/manifest";
import { httpStore } from "../../checkpoints/http-source";
import { nodeStore } from "../../checkpoints/node-file";
import { embedded, findModel, modelFile, modelFolder, type LoraAt, type ModelFiles, type Place } from "../../checkpoints/places";
import type { Engine } from "../../common/engine";
import { OnestrokeError } from "../../common/errors";
import { revisionOfHash } from "../../common/model-revision";
import { looksLikeRepository } from "../../hub/repository-name";
import { outlineModel } from "../../pipeline/outline";
import type { ChosenRule } from "../../common/chosen-sampler";
import { hashOf } from "../../vault/digest";
import { modelCache, shipped } from "./cache";
import { hubOf, modelsRoot } from "./environment";
import { hubModel } from "./hub-model";
import { untilInterrupted } from "./interrupt";
import { progressLine } from "./progress";
import { refuseGraph, refuseOtherLayouts } from "../not-a-model";

export interface Wanted {
  /** The engine that is to draw with it. */
  readonly engine?: Engine;
  /** The sampler's rule, where a person chose one. */
  readonly rule?: ChosenRule | undefined;
  /** For a model in one file: the folder of its tokenizer. */
  readonly tokenizer?: string | undefined;
  /** For a model in one file: what it predicts. */
  readonly prediction?: SingleFileOptions["prediction"];
  /** Files that are merged into the model, and how much of each is added. */
  readonly loras?: readonly { readonly file: string; readonly weight: number }[];
}

/**
 * A bare id names an entry of the catalogue; a path that is there, here or in `MODELS_ROOT`, names what is there; and what has the form
 * `owner/name` a repository.
 * @throws OnestrokeError `model-corrupt` if a file that ships with the project is not the one that was published; `model-missing` if it
 * is none of them; for a graph or a folder in another layout, what it is and what to do; what fetching throws
 */
export async function modelFiles(model: string, wanted: Wanted = {}): Promise<ModelFiles> {
  const { loras = [] } = wanted;
  const base = await baseFiles(model, wanted);
  if (loras.length === 0) return base;
  return { ...base, loras: await Promise.all(loras.map(loraAt)) };
}

async function loraAt({ file, weight }: NonNullable<Wanted["loras"]>[number]): Promise<LoraAt> {
  const [store, path] = [nodeStore(dirname(file)), basename(file)];
  return { store, path, weight, hash: revisionOfHash(await hashOf(await store.open(path))) };
}

async function baseFiles(model: string, wanted: Wanted): Promise<ModelFiles> {
  const entry = catalogueEntry(model);
  if (entry !== undefined) return entry.base?.revision === "" ? shippedModel(entry) : fetched(model, wanted);
  const root = modelsRoot();
  for (const path of root === undefined || model === "" ? [model] : [model, join(root, model)]) {
    if (await isFolder(path)) return inFolder(path, wanted);
    if (await isFile(path)) return inOneFile(path, wanted);
  }
  if (looksLikeRepository(model)) return fetched(model, wanted);
  throw new OnestrokeError("model-missing", `${model} is neither a folder, nor a file, nor the id of a model in the catalogue`, {
    model,
    remedy: "Check the path, name a model of models/catalogue by its id, or a repository of the hub as owner/name.",
  });
}

async function shippedModel(entry: CatalogueEntry): Promise<ModelFiles> {
  const files = findModel(entry.id, [embedded(shipped)]);
  if (files.base !== undefined) await checkFiles(files.base, entry.files ?? []);
  return files;
}

async function inFolder(path: string, { engine = "wgsl" }: Wanted): Promise<ModelFiles> {
  if (engine === "wgsl") await refuseOtherLayouts(path);
  return modelFolder(nodeStore(path));
}

/** What the file lacks is little, and is read from the hub each time. */
function inOneFile(path: string, { tokenizer, prediction }: Wanted): ModelFiles {
  refuseGraph(path);
  const hub = hubOf();
  const remote: Place = (at) => hub && httpStore(hub.addressOf(at), hub.fetcher);
  const file = { store: nodeStore(dirname(path)), path: basename(path), prediction };
  return modelFile({ ...file, tokenizer: tokenizer === undefined ? undefined : nodeStore(tokenizer) }, [remote]);
}

async function fetched(model: string, { engine = "wgsl", rule }: Wanted): Promise<ModelFiles> {
  const line = progressLine(model);
  return untilInterrupted(line.end, (signal) =>
    hubModel(model, {
      cache: modelCache((files, readAs, stop) => outlineModel(files, readAs, stop, rule)),
      hub: hubOf(),
      readAs: engine === "wgsl" ? "weights" : "graphs",
      signal,
      onProgress: line.say,
    }),
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
