// What the cache folder holds: the models of the catalogue that can be drawn with as they are, and every repository with its size.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { CATALOGUE } from "../../catalogue/entries";
import { OnestrokeError } from "../../common/errors";
import type { ModelCache } from "./cache";
import { cachedRepositories, repositoryFolder } from "./cache-layout";
import { cachedModel, namedModel, type CachedModel } from "./cached-model";

export interface ListedModel {
  readonly model: string;
  readonly title: string;
  /** Bytes that drawing reads. */
  readonly byteLength: number;
}

export interface ListedRepository {
  readonly repository: string;
  readonly byteLength: number;
  /** Bytes of downloads that are not finished. */
  readonly unfinishedBytes: number;
}

/** Models that are whole here: of the catalogue with each choice of parts, and repositories by their own name. */
export async function listModels(cache: ModelCache): Promise<readonly ListedModel[]> {
  const repositories = await cachedRepositories(cache.folder);
  const ofCatalogue = CATALOGUE.flatMap(({ id, presets }) => [id, ...presets.slice(1).map((preset) => `${id}+${preset.id}`)]);
  const listed: ListedModel[] = [];
  for (const model of [...ofCatalogue, ...repositories]) {
    const found = await wholeModel(cache, model);
    if (found !== undefined) listed.push({ model, title: found.files.entry?.title ?? model, byteLength: readBytes(found) });
  }
  return listed;
}

export async function listRepositories(cache: string): Promise<readonly ListedRepository[]> {
  return Promise.all(
    (await cachedRepositories(cache)).map(async (repository) => {
      const { blobs } = repositoryFolder(cache, repository);
      const sizes = await Promise.all(
        (await readdir(blobs).catch(() => [])).map(async (name) => [name, (await stat(join(blobs, name))).size] as const),
      );
      const sum = (isUnfinished: boolean): number =>
        sizes.reduce((total, [name, size]) => (name.endsWith(".incomplete") === isUnfinished ? total + size : total), 0);
      return { repository, byteLength: sum(false), unfinishedBytes: sum(true) };
    }),
  );
}

/** A model that is whole here and can be drawn with. What ships with the project is not asked for. */
export async function wholeModel(cache: ModelCache, model: string): Promise<CachedModel | undefined> {
  try {
    const named = namedModel(model);
    return named.entry?.base?.revision === "" ? undefined : await cachedModel(cache, named);
  } catch (thrown) {
    // Other programs keep other things in this folder.
    if (thrown instanceof OnestrokeError) return undefined;
    throw thrown;
  }
}

function readBytes({ read }: CachedModel): number {
  return read.reduce((total, { files }) => [...files.values()].reduce((sum, size) => sum + size, total), 0);
}
