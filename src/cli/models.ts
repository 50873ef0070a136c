// Names a model as a command line does: a folder in diffusers' layout, or an id of the
// catalogue, whose files ship with the project or come from the model hub.
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseCatalogueEntry } from "../checkpoints/catalogue";
import { catalogueManifest } from "../checkpoints/catalogue-manifest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import { httpStore } from "../checkpoints/http-source";
import { parseJsonObject } from "../checkpoints/json";
import type { Manifest } from "../checkpoints/manifest";
import { nodeStore } from "../checkpoints/node-file";
import { OnestrokeError } from "../errors";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));
const HUB = "https://huggingface.co";

/** @throws OnestrokeError `model-missing` if it is neither; else as the files have it */
export async function openModel(idOrFolder: string): Promise<Manifest> {
  if (await isFolder(idOrFolder)) return diffusersManifest(nodeStore(idOrFolder));
  const path = join(MODELS, "catalogue", `${basename(idOrFolder)}.json`);
  const text = await readFile(path, "utf8").catch(() => {
    throw new OnestrokeError("model-missing", `${idOrFolder} is neither a folder nor a model of the catalogue`, { model: idOrFolder });
  });
  const entry = parseCatalogueEntry(parseJsonObject(text, path), path);
  return catalogueManifest(entry, ({ repository, revision }) =>
    revision === "" ? nodeStore(join(MODELS, repository)) : httpStore(`${HUB}/${repository}/resolve/${revision}/`),
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
