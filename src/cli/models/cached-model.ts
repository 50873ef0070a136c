// Finds a model in the cache without the network: it is there if everything that drawing reads is.
import type { CatalogueEntry, RepositoryAt } from "../../catalogue/entry";
import { catalogueEntry } from "../../catalogue/entries";
import type { ByteStore } from "../../checkpoints/byte-source";
import { entryRevision, type ModelFiles } from "../../checkpoints/places";
import { OnestrokeError } from "../../common/errors";
import { revisionOfCommit } from "../../common/model-revision";
import type { ModelOutline, ReadAs } from "../../common/model-outline";
import { recordingStore } from "../../hub/listed-store";
import { eitherWay, repositoriesOf } from "../../hub/plan";
import { parseRepositoryName, repositoryName } from "../../hub/repository-name";
import type { ModelCache } from "./cache";
import { cachedStore } from "./cache-layout";

/** A model by what its name stands for. */
export interface NamedModel {
  readonly model: string;
  readonly entry: CatalogueEntry | undefined;
  readonly repositories: readonly RepositoryAt[];
}

export interface CachedModel {
  readonly files: ModelFiles;
  readonly outline: ModelOutline;
  /** What drawing reads of the hub: for each repository its folder in the cache, and the files with their length. */
  readonly read: readonly { readonly at: RepositoryAt; readonly folder: string; readonly files: ReadonlyMap<string, number> }[];
}

/** @throws OnestrokeError `invalid-input` for what is neither an id of the catalogue nor the name of a repository */
export function namedModel(model: string): NamedModel {
  const entry = catalogueEntry(model);
  if (entry !== undefined) return { model: entry.id, entry, repositories: repositoriesOf(entry) };
  const at = parseRepositoryName(model);
  return { model: repositoryName(at), entry, repositories: [at] };
}

/**
 * @param readAs how it is to be read; without it, as weights, or else as graphs
 * @returns undefined where it is not here, or not wholly
 * @throws OnestrokeError `model-unsupported`, `model-corrupt` for one that is here and cannot be drawn with
 */
export async function cachedModel(
  { folder: cache, outline, shipped }: ModelCache,
  named: NamedModel,
  readAs?: ReadAs,
  signal?: AbortSignal,
): Promise<CachedModel | undefined> {
  const ofHub = named.repositories.filter(({ revision }) => revision !== "");
  const held = await Promise.all(ofHub.map(async (at) => ({ at, store: await cachedStore(cache, at) })));
  const here = held.flatMap(({ at, store }) => (store === undefined ? [] : [{ at, store, opened: new Map<string, number>() }]));
  if (here.length < held.length) return undefined;
  const open = (at: RepositoryAt): ByteStore => {
    if (at.revision === "") return shipped(at.repository);
    const found = here.find((each) => each.at.repository === at.repository && each.at.revision === at.revision);
    if (found === undefined)
      throw new OnestrokeError("model-missing", `${at.repository} is not in the cache`, { repository: at.repository });
    return recordingStore(found.store, found.opened);
  };
  const { entry, model, repositories } = named;
  const base = entry === undefined ? repositories[0] : entry.base;
  const commit = (base && here.find(({ at }) => at === base)?.store.commit) ?? "";
  const files: ModelFiles = {
    entry,
    ...(entry === undefined ? { id: model } : {}),
    revision: entry === undefined ? revisionOfCommit(commit) : entryRevision(entry),
    base: base && open(base),
    open,
  };
  const read = async (as: ReadAs): Promise<CachedModel> => {
    for (const { opened } of here) opened.clear();
    const found = await outline(files, as, signal);
    return { files, outline: found, read: here.map(({ at, store: { folder }, opened }) => ({ at, folder, files: new Map(opened) })) };
  };
  try {
    return await (readAs === undefined ? eitherWay(named.entry, read) : read(readAs));
  } catch (thrown) {
    if (thrown instanceof OnestrokeError && thrown.code === "model-missing") return undefined;
    throw thrown;
  }
}
