// Finds the model that a command line names: an id of the catalogue, a folder, or a repository of the model hub. What is on the hub is
// fetched into the hub's own cache folder, unless it is there already.
import { stat } from "node:fs/promises";
import { catalogueEntry } from "../../catalogue/entries";
import type { CatalogueEntry } from "../../catalogue/entry";
import { checkFiles } from "../../checkpoints/check-files";
import { nodeStore } from "../../checkpoints/node-file";
import { embedded, findModel, modelFolder, type ModelFiles } from "../../checkpoints/places";
import type { Engine } from "../../common/engine";
import { OnestrokeError } from "../../common/errors";
import { looksLikeRepository } from "../../hub/repository-name";
import { outlineModel } from "../../pipeline/outline";
import type { ChosenRule } from "../../samplers/scheduler-file";
import { modelCache, shipped } from "./cache";
import { hubOf } from "./environment";
import { hubModel } from "./hub-model";
import { untilInterrupted } from "./interrupt";
import { progressLine } from "./progress";
import { refuseFile, refuseOtherLayouts } from "../not-a-model";

export interface Wanted {
  /** The engine that is to draw with it. */
  readonly engine?: Engine;
  /** The sampler's rule, where a person chose one. */
  readonly rule?: ChosenRule | undefined;
}

/**
 * A bare id names an entry of the catalogue; a path that is there names what is there; and what has the form `owner/name` a repository.
 * @throws OnestrokeError `model-corrupt` if a file that ships with the project is not the one that was published; `model-missing` if it
 * is none of them; for a file or a folder in another layout, what it is and what to do; what fetching throws
 */
export async function modelFiles(model: string, wanted: Wanted = {}): Promise<ModelFiles> {
  const entry = catalogueEntry(model);
  if (entry !== undefined) return entry.base?.revision === "" ? shippedModel(entry) : fetched(model, wanted);
  if (await isFolder(model)) {
    if ((wanted.engine ?? "wgsl") === "wgsl") await refuseOtherLayouts(model);
    return modelFolder(nodeStore(model));
  }
  if (await isFile(model)) return refuseFile(model);
  if (looksLikeRepository(model)) return fetched(model, wanted);
  throw new OnestrokeError("model-missing", `${model} is neither a folder nor the id of a model in the catalogue`, {
    model,
    remedy: "Check the path, name a model of models/catalogue by its id, or a repository of the hub as owner/name.",
  });
}

async function shippedModel(entry: CatalogueEntry): Promise<ModelFiles> {
  const files = findModel(entry.id, [embedded(shipped)]);
  if (files.base !== undefined) await checkFiles(files.base, entry.files ?? []);
  return files;
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
