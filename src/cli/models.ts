// Finds the model that a command line names: a folder, or an id of the catalogue, whose files ship with the project or come
// from the model hub.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { catalogueEntry } from "../catalogue/entries";
import { checkFiles } from "../checkpoints/check-files";
import { httpStore } from "../checkpoints/http-source";
import { nodeStore } from "../checkpoints/node-file";
import { embedded, findModel, hub, modelFolder, type ModelFiles } from "../checkpoints/places";
import type { Engine } from "../common/engine";
import { OnestrokeError } from "../common/errors";
import { refuseFile, refuseOtherLayouts } from "./not-a-model";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));

const PLACES = [embedded((repository) => nodeStore(join(MODELS, repository))), hub(httpStore)];

/**
 * Only a bare id names an entry of the catalogue; anything else is a folder.
 * @param engine the engine that is to read the folder
 * @throws OnestrokeError `model-corrupt` if a file that ships with the project is not the one that was published; `model-missing` if it is neither; for a file or a folder in another layout, what it is and what to do
 */
export async function modelFiles(idOrFolder: string, engine: Engine = "wgsl"): Promise<ModelFiles> {
  const entry = catalogueEntry(idOrFolder);
  if (entry !== undefined) {
    const files = findModel(idOrFolder, PLACES);
    if (files.base !== undefined) await checkFiles(files.base, entry.files ?? []);
    return files;
  }
  if (await isFolder(idOrFolder)) {
    if (engine === "wgsl") await refuseOtherLayouts(idOrFolder);
    return modelFolder(nodeStore(idOrFolder));
  }
  if (await isFile(idOrFolder)) return refuseFile(idOrFolder);
  throw new OnestrokeError("model-missing", `${idOrFolder} is neither a folder nor the id of a model in the catalogue`, {
    model: idOrFolder,
    remedy: "Check the path, or name a model of models/catalogue by its id. Models are not fetched by their names on the hub.",
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
