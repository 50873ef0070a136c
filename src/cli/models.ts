// Finds the model that a command line names: a folder, a file, or an id of the catalogue, whose files ship with the project or come
// from the model hub.
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { catalogueEntry } from "../catalogue/entries";
import { httpStore } from "../checkpoints/http-source";
import type { SingleFileOptions } from "../checkpoints/formats/original/manifest";
import { nodeStore } from "../checkpoints/node-file";
import { embedded, findModel, hub, modelFile, modelFolder, type ModelFiles } from "../checkpoints/places";
import type { Engine } from "../common/engine";
import { OnestrokeError } from "../common/errors";
import { refuseGraph, refuseOtherLayouts } from "./not-a-model";

const MODELS = fileURLToPath(new URL("../../models", import.meta.url));

const PLACES = [embedded((repository) => nodeStore(join(MODELS, repository))), hub(httpStore)];

/** What the command line says besides a file. */
export interface FileOptions extends Pick<SingleFileOptions, "prediction"> {
  /** A folder. */
  readonly tokenizer?: string | undefined;
  /** Files, and how much of each is added. */
  readonly loras?: readonly { readonly file: string; readonly weight: number }[];
}

/**
 * Only a bare id names an entry of the catalogue; anything else is a folder or a file.
 * @param engine the engine that is to read the folder
 * @throws OnestrokeError `model-missing` if it is neither; for a graph or a folder in another layout, what it is and what to do
 */
export async function modelFiles(idOrFolder: string, engine: Engine = "wgsl", options: FileOptions = {}): Promise<ModelFiles> {
  const { loras = [] } = options;
  const base = await baseFiles(idOrFolder, engine, options);
  if (loras.length === 0) return base;
  return { ...base, loras: loras.map(({ file, weight }) => ({ store: nodeStore(dirname(file)), path: basename(file), weight })) };
}

async function baseFiles(idOrFolder: string, engine: Engine, { tokenizer, prediction }: FileOptions): Promise<ModelFiles> {
  if (catalogueEntry(idOrFolder) !== undefined) return findModel(idOrFolder, PLACES);
  if (await isFolder(idOrFolder)) {
    if (engine === "wgsl") await refuseOtherLayouts(idOrFolder);
    return modelFolder(nodeStore(idOrFolder));
  }
  if (await isFile(idOrFolder)) {
    refuseGraph(idOrFolder);
    const file = { store: nodeStore(dirname(idOrFolder)), path: basename(idOrFolder), prediction };
    return modelFile({ ...file, tokenizer: tokenizer === undefined ? undefined : nodeStore(tokenizer) }, PLACES);
  }
  throw new OnestrokeError("model-missing", `${idOrFolder} is neither a folder, nor a file, nor the id of a model in the catalogue`, {
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
