// Names a model as a command line does: a folder, or an id of the catalogue, whose files ship with the project or come
// from the model hub.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { catalogueEntry } from "../catalogue/entries";
import { httpStore } from "../checkpoints/http-source";
import { nodeStore } from "../checkpoints/node-file";
import { embedded, findModel, hub, modelFolder, type ModelFiles } from "../checkpoints/places";
import { OnestrokeError } from "../common/errors";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));

const PLACES = [embedded((repository) => nodeStore(join(MODELS, repository))), hub(httpStore)];

/**
 * Only a bare id names the catalogue; anything else is a folder.
 * @throws OnestrokeError `model-missing` if it is neither
 */
export async function modelFiles(idOrFolder: string): Promise<ModelFiles> {
  if (catalogueEntry(idOrFolder) !== undefined) return findModel(idOrFolder, PLACES);
  if (await isFolder(idOrFolder)) return modelFolder(nodeStore(idOrFolder));
  throw new OnestrokeError("model-missing", `${idOrFolder} is neither a folder nor a model of the catalogue`, { model: idOrFolder });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
