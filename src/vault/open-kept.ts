// A complete model's files as the readers of checkpoints want them: repositories of byte sources. What a plan does not list does not exist.
import { catalogueEntry } from "../catalogue/entries";
import type { RepositoryAt } from "../catalogue/entry";
import type { ByteSource, ByteStore } from "../checkpoints/byte-source";
import { checkRange, memoryStore, missingFile } from "../checkpoints/memory-source";
import { entryRevision, type ModelFiles } from "../checkpoints/places";
import { fileName, type DownloadPlan, type HandedModel, type PlannedRepository } from "../common/download";
import { OnestrokeError, throwIfCancelled } from "../common/errors";
import { letMessagesIn } from "../common/let-messages-in";
import { revisionOfCommit } from "../common/model-revision";
import type { ReadableFile } from "./folder";

/** @param files by `fileName` */
export function keptFiles(plan: DownloadPlan, files: ReadonlyMap<string, ReadableFile>): ModelFiles {
  return modelFiles(plan, (repository) => repositoryStore(repository, files));
}

/** The same for a model that came from another worker. */
export function handedFiles({ plan, files }: HandedModel): ModelFiles {
  return modelFiles(plan, (repository) => {
    const blobs = repository.files.flatMap(({ path }): [string, Blob][] => {
      const blob = files.get(fileName(repository, path));
      return blob === undefined ? [] : [[path, blob]];
    });
    return memoryStore(repository.repository, new Map(blobs));
  });
}

function modelFiles(plan: DownloadPlan, storeOf: (repository: PlannedRepository) => ByteStore): ModelFiles {
  const stores = plan.repositories.map((planned) => ({ planned, store: storeOf(planned) }));
  const open = ({ repository, revision }: RepositoryAt): ByteStore => {
    const found = stores.find(({ planned }) => planned.repository === repository && planned.revision === revision);
    if (found !== undefined) return found.store;
    throw new OnestrokeError("model-missing", `the plan of ${plan.model} does not list ${repository}`, { model: plan.model, repository });
  };
  const entry = catalogueEntry(plan.model);
  const { model: id, weightFormats, storedNumbers } = plan;
  const known = { weightFormats, storedNumbers };
  if (entry !== undefined) return { entry, revision: entryRevision(entry), base: entry.base && open(entry.base), open, ...known };
  const [first] = stores;
  return { entry, id, revision: revisionOfCommit(first?.planned.commit ?? ""), base: first?.store, open, ...known };
}

function repositoryStore(planned: PlannedRepository, files: ReadonlyMap<string, ReadableFile>): ByteStore {
  const find = (path: string): ReadableFile | undefined => files.get(fileName(planned, path));
  return {
    name: planned.repository,
    exists: async (path) => find(path) !== undefined,
    open: async (path) => {
      const file = find(path);
      if (file === undefined) throw missingFile(planned.repository, path);
      return fileSource(`${planned.repository}/${path}`, file);
    },
  };
}

function fileSource(name: string, file: ReadableFile): ByteSource {
  const size = file.byteLength;
  return {
    name,
    size,
    read: async (begin, into, signal, onBytes) => {
      throwIfCancelled(signal);
      checkRange(name, begin, into.byteLength, size);
      await letMessagesIn();
      throwIfCancelled(signal);
      await file.read(begin, into);
      onBytes?.(into.byteLength);
    },
  };
}
