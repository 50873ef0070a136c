// Names a model as a command line does: a folder in diffusers' layout, or an id of the
// catalogue, whose files ship with the project or come from the model hub.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ByteStore } from "../checkpoints/byte-source";
import { parseCatalogueEntry, type CatalogueEntry, type RepositoryAt } from "../checkpoints/catalogue";
import { catalogueManifest } from "../checkpoints/catalogue-manifest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import { httpStore } from "../checkpoints/http-source";
import { parseJsonObject } from "../common/json";
import type { Manifest } from "../checkpoints/manifest";
import { nodeStore } from "../checkpoints/node-file";
import { OnestrokeError } from "../common/errors";
import { refuseFile, refuseOtherLayouts } from "./not-a-model";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));
const HUB = "https://huggingface.co";

/** @throws OnestrokeError `model-missing` if it is neither; else as the files have it */
export async function openModel(idOrFolder: string): Promise<Manifest> {
  if (await isFolder(idOrFolder)) {
    await refuseOtherLayouts(idOrFolder);
    return diffusersManifest(nodeStore(idOrFolder));
  }
  return catalogueManifest(await entryOf(idOrFolder), openRepository);
}

export interface ModelFiles {
  readonly store: ByteStore;
  /** A folder must speak for itself. */
  readonly entry: CatalogueEntry | undefined;
}

/**
 * The files of a model as they lie, for engines that read a layout of their own, and what the catalogue says of it.
 * @throws OnestrokeError `model-missing` if there is no such model, or it has no folder of its own
 */
export async function openModelFiles(idOrFolder: string): Promise<ModelFiles> {
  if (await isFolder(idOrFolder)) return { store: nodeStore(idOrFolder), entry: undefined };
  const entry = await entryOf(idOrFolder);
  if (entry.base === undefined) {
    throw new OnestrokeError("model-missing", `${entry.title} has no folder of its own`, { model: idOrFolder });
  }
  return { store: openRepository(entry.base), entry };
}

/** Only a bare id names an entry: the last part of a path may be called like one, and is another model. */
async function entryOf(idOrFolder: string): Promise<CatalogueEntry> {
  if (await isFile(idOrFolder)) return refuseFile(idOrFolder);
  const path = join(MODELS, "catalogue", `${idOrFolder}.json`);
  const text = /^[a-z0-9][a-z0-9._-]*$/.test(idOrFolder) ? await readFile(path, "utf8").catch(() => undefined) : undefined;
  if (text === undefined) {
    throw new OnestrokeError("model-missing", `${idOrFolder} is neither a folder nor the id of a model in the catalogue`, {
      model: idOrFolder,
      remedy: "Check the path, or name a model of models/catalogue by its id. Models of the hub are not fetched by their names there.",
    });
  }
  return parseCatalogueEntry(parseJsonObject(text, path), path);
}

function openRepository({ repository, revision }: RepositoryAt): ByteStore {
  return revision === "" ? nodeStore(join(MODELS, repository)) : httpStore(`${HUB}/${repository}/resolve/${revision}/`);
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
