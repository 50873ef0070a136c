// What every command about models needs: where those of the hub are kept, which files ship with the project, and how a model is read.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ByteStore } from "../../checkpoints/byte-source";
import { nodeStore } from "../../checkpoints/node-file";
import type { ReadOutline } from "../../hub/plan";
import { outlineModel } from "../../pipeline/outline";
import { cacheFolder } from "./environment";

export interface ModelCache {
  readonly folder: string;
  readonly outline: ReadOutline;
  /** The folder of a repository that ships with the project. */
  readonly shipped: (repository: string) => ByteStore;
}

export const MODELS = fileURLToPath(new URL("../../../models", import.meta.url));

export const shipped = (repository: string): ByteStore => nodeStore(join(MODELS, repository));

export function modelCache(outline: ReadOutline = outlineModel): ModelCache {
  return { folder: cacheFolder(), outline, shipped };
}
