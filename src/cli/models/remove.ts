// Takes a model out of the cache. The folder is shared: with other models, which may be made of the same files, and with other programs.
// So only what this model reads and no other model here does is removed, and a repository's folder only once nothing is left in it.
import { lstat, readdir, readlink, rm, rmdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { RepositoryAt } from "../../catalogue/entry";
import type { ModelCache } from "./cache";
import { cachedStore, repositoryFolder } from "./cache-layout";
import { namedModel, type CachedModel } from "./cached-model";
import { listModels, wholeModel } from "./list";

export interface Removed {
  readonly freedBytes: number;
  /** Other models that keep some of its files here. */
  readonly sharedWith: readonly string[];
}

/** @returns undefined where nothing of the model is here */
export async function removeModel(cache: ModelCache, model: string): Promise<Removed | undefined> {
  const { entry, repositories: all } = namedModel(model);
  const repositories = all.filter(({ revision }) => revision !== "");
  const folders = repositories.map(({ repository }) => repositoryFolder(cache.folder, repository));
  const own = await wholeModel(cache, model);
  const links = own === undefined ? await unknownFiles() : linksOf(own);
  const others = await modelsBeside(cache, model);
  const isShared = (link: string): boolean => others.some(({ links: theirs }) => theirs.has(link));
  const sharedWith = others.filter(({ links: theirs }) => links.some((link) => theirs.has(link))).map(({ model: name }) => name);
  let freedBytes = 0;
  for (const link of links.filter((each) => !isShared(each))) await rm(link);
  for (const { root, blobs, snapshots, refs } of folders) {
    const linked = await linkedBlobs(snapshots);
    for (const name of await readdir(blobs).catch(() => [])) {
      // Unfinished files belong to no snapshot yet.
      const isWanted = linked.has(name) || (name.endsWith(".incomplete") && sharedWith.length > 0);
      if (isWanted) continue;
      freedBytes += (await stat(join(blobs, name))).size;
      await rm(join(blobs, name));
    }
    await pruneEmpty(snapshots);
    if ((await readdir(snapshots).catch(() => [])).length === 0) {
      await rm(refs, { recursive: true, force: true });
      await pruneEmpty(root);
    }
  }
  return own === undefined && freedBytes === 0 ? undefined : { freedBytes, sharedWith };

  /**
   * What a model that is not whole would read is not known. A repository that was named goes with all of its snapshot, as the hub's own
   * tool does it. A model of the catalogue named no repository, and what is here of its parts may well be another program's.
   */
  async function unknownFiles(): Promise<readonly string[]> {
    return entry === undefined ? snapshotFiles(cache.folder, repositories) : [];
  }
}

/** The other models that are whole here, with the names of the files that they read. */
async function modelsBeside(
  cache: ModelCache,
  model: string,
): Promise<readonly { readonly model: string; readonly links: ReadonlySet<string> }[]> {
  const all = await listModels(cache);
  // Repositories by their own names are left out, because most of them are parts of these models.
  const others = all.filter((other) => other.model !== model && !other.model.includes("/"));
  return Promise.all(
    others.map(async (other) => {
      const found = await wholeModel(cache, other.model);
      return {
        model: other.model,
        links: new Set(found?.read.flatMap(({ folder, files }) => [...files.keys()].map((path) => join(folder, path)))),
      };
    }),
  );
}

function linksOf({ read }: CachedModel): readonly string[] {
  return read.flatMap(({ folder, files }) => [...files.keys()].map((path) => join(folder, path)));
}

async function snapshotFiles(cache: string, repositories: readonly RepositoryAt[]): Promise<readonly string[]> {
  const stores = await Promise.all(repositories.map((at) => cachedStore(cache, at)));
  const files = stores.map(async (store) => {
    if (store === undefined) return [];
    const all = await readdir(store.folder, { recursive: true, withFileTypes: true });
    return all.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  });
  return (await Promise.all(files)).flat();
}

/** Names of the blobs that a snapshot still links to. */
async function linkedBlobs(snapshots: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const path of await readdir(snapshots, { recursive: true }).catch(() => [])) {
    const link = join(snapshots, path);
    if ((await lstat(link)).isSymbolicLink()) names.add(basename(await readlink(link)));
  }
  return names;
}

/** Removes folders in which nothing is left, the given one included. */
async function pruneEmpty(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await pruneEmpty(join(folder, entry.name));
  }
  await rmdir(folder).catch(() => undefined);
}
