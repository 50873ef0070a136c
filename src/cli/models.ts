// Finds the model that a command line names: an id of the catalogue, a folder, a file, or a repository of the model hub. What is on the
// hub is fetched into the hub's own cache folder, unless it is there already.
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { catalogueEntry } from "../catalogue/entries";
import type { CatalogueEntry } from "../catalogue/entry";
import { checkFiles } from "../checkpoints/check-files";
import { nodeStore } from "../checkpoints/node-file";
import type { SingleFileOptions } from "../checkpoints/formats/original/manifest";
import { httpStore } from "../checkpoints/http-source";
import { embedded, findModel, modelFile, modelFolder, type ModelFiles, type Place } from "../checkpoints/places";
import type { Engine } from "../common/engine";
import { OnestrokeError } from "../common/errors";
import { repositoriesOf } from "../hub/plan";
import { looksLikeRepository } from "../hub/repository-name";
import { outlineModel } from "../pipeline/outline";
import type { ChosenRule } from "../samplers/scheduler-file";
import { cacheFolder, hubOf } from "./hub/environment";
import { hubModel } from "./hub/hub-model";
import { untilInterrupted } from "./hub/interrupt";
import { progressLine } from "./hub/progress";
import { refuseGraph, refuseOtherLayouts } from "./not-a-model";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));

/** Files that ship with the project. */
const SHIPPED = embedded((repository) => nodeStore(join(MODELS, repository)));

export interface Wanted {
  /** The engine that is to draw with it. */
  readonly engine?: Engine;
  /** The sampler's rule, where a person chose one. */
  readonly rule?: ChosenRule | undefined;
  /** For a model in one file: the folder of its tokenizer. */
  readonly tokenizer?: string | undefined;
  /** For a model in one file: what it predicts. */
  readonly prediction?: SingleFileOptions["prediction"];
}

/**
 * A bare id names an entry of the catalogue; a path that is there names what is there; and what has the form `owner/name` a repository.
 * @throws OnestrokeError `model-missing` if it is none of them; for a graph or a folder in another layout, what it is and what to do; what
 * fetching throws
 */
export async function modelFiles(model: string, wanted: Wanted = {}): Promise<ModelFiles> {
  const entry = catalogueEntry(model);
  if (entry !== undefined) return isShipped(entry) ? shipped(entry) : fetched(model, wanted);
  if (await isFolder(model)) {
    if ((wanted.engine ?? "wgsl") === "wgsl") await refuseOtherLayouts(model);
    return modelFolder(nodeStore(model));
  }
  if (await isFile(model)) return inOneFile(model, wanted);
  if (looksLikeRepository(model)) return fetched(model, wanted);
  throw new OnestrokeError("model-missing", `${model} is neither a folder, nor a file, nor the id of a model in the catalogue`, {
    model,
    remedy: "Check the path, name a model of models/catalogue by its id, or a repository of the hub as owner/name.",
  });
}

/** Its files are read whole, because they are few megabytes and a flipped byte in them would be drawn. */
async function shipped({ id, files: published = [] }: CatalogueEntry): Promise<ModelFiles> {
  const files = findModel(id, [SHIPPED]);
  if (files.base !== undefined) await checkFiles(files.base, published);
  return files;
}

/** What the file lacks is little, and is read from the hub each time. */
function inOneFile(path: string, { tokenizer, prediction }: Wanted): ModelFiles {
  refuseGraph(path);
  const hub = hubOf();
  const remote: Place = (at) => hub && httpStore(hub.addressOf(at), hub.fetcher);
  const file = { store: nodeStore(dirname(path)), path: basename(path), prediction };
  return modelFile({ ...file, tokenizer: tokenizer === undefined ? undefined : nodeStore(tokenizer) }, [remote]);
}

function isShipped(entry: CatalogueEntry): boolean {
  return repositoriesOf(entry).every(({ revision }) => revision === "");
}

async function fetched(model: string, { engine = "wgsl", rule }: Wanted): Promise<ModelFiles> {
  const line = progressLine(model);
  return untilInterrupted(line.end, (signal) =>
    hubModel(model, {
      cache: cacheFolder(),
      hub: hubOf(),
      outline: (files, readAs, stop) => outlineModel(files, readAs, stop, rule),
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
