// Names a model as a command line does: a folder in diffusers' layout, or an id of the
// catalogue, whose files ship with the project or come from the model hub.
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ByteStore } from "../checkpoints/byte-source";
import { parseCatalogueEntry, type CatalogueEntry, type RepositoryAt } from "../checkpoints/catalogue";
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
  return catalogueManifest(await entryOf(idOrFolder), openRepository);
}

/**
 * The files of a model as they lie: what engines read that have a layout of their own.
 * @throws OnestrokeError `model-missing` if there is no such model, or it has no folder of its own
 */
export async function openModelFiles(idOrFolder: string): Promise<ByteStore> {
  if (await isFolder(idOrFolder)) return nodeStore(idOrFolder);
  const { base, title } = await entryOf(idOrFolder);
  if (base === undefined) throw new OnestrokeError("model-missing", `${title} has no folder of its own`, { model: idOrFolder });
  return openRepository(base);
}

async function entryOf(idOrFolder: string): Promise<CatalogueEntry> {
  const path = join(MODELS, "catalogue", `${basename(idOrFolder)}.json`);
  const text = await readFile(path, "utf8").catch(() => {
    throw new OnestrokeError("model-missing", `${idOrFolder} is neither a folder nor a model of the catalogue`, { model: idOrFolder });
  });
  return parseCatalogueEntry(parseJsonObject(text, path), path);
}

function openRepository({ repository, revision }: RepositoryAt): ByteStore {
  return revision === "" ? nodeStore(join(MODELS, repository)) : httpStore(`${HUB}/${repository}/resolve/${revision}/`);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
