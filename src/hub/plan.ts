// What has to be fetched for a model, and from where. The same code that opens a model runs over the hub's listing, and the files that
// it opened are the plan: nothing is fetched that is not read, and no list of names is kept twice.
import { catalogueEntry } from "../catalogue/entries";
import type { CatalogueEntry, RepositoryAt } from "../catalogue/entry";
import type { ByteStore } from "../checkpoints/byte-source";
import { refuseUnread } from "../checkpoints/catalogue-manifest";
import type { ModelFiles } from "../checkpoints/places";
import type { DownloadPlan, PlannedFile, PlannedRepository } from "../common/download";
import { OnestrokeError, type ErrorCode } from "../common/errors";
import type { ModelOutline, ReadAs } from "../common/model-outline";
import type { Hub, HubRepository } from "./hub";
import { recordingStore } from "./listed-store";
import { parseRepositoryName, repositoryName } from "./repository-name";

/** Opens every file that drawing with a model reads: `outlineModel` of the pipeline. */
export type ReadOutline = (files: ModelFiles, readAs: ReadAs, signal?: AbortSignal) => Promise<ModelOutline>;

export interface PlanOptions {
  readonly hub: Hub;
  readonly outline: ReadOutline;
  /** Default: as weights, or as graphs where weights cannot be read and there are graphs. */
  readonly readAs?: ReadAs | undefined;
  /** Repositories that ship with the app, with a revision of "". They are read where they are, and are no part of a plan. */
  readonly shipped?: (repository: string) => ByteStore;
  readonly signal?: AbortSignal | undefined;
}

export interface PlannedModel {
  readonly plan: DownloadPlan;
  readonly outline: ModelOutline;
}

/**
 * @param model an id of the catalogue, or the name of a repository: `owner/name` or `owner/name@revision`
 * @throws OnestrokeError `model-missing`, `model-unsupported`, `model-corrupt`, `download-*`, `offline`, `cancelled`, `invalid-input`
 */
export async function planDownload(model: string, options: PlanOptions): Promise<PlannedModel> {
  const entry = catalogueEntry(model);
  if (entry !== undefined) refuseUnread(entry);
  const at = entry === undefined ? [parseRepositoryName(model)] : repositoriesOf(entry);
  const found = await openAll(at, options);
  return planOf(entry, found, options);
}

/** The repositories that a model of the catalogue is made of, each once. */
export function repositoriesOf({ base, components }: CatalogueEntry): readonly RepositoryAt[] {
  const all = [...(base === undefined ? [] : [base]), ...Object.values(components)];
  const unique = new Map(all.map(({ repository, revision }) => [`${repository}@${revision}`, { repository, revision }]));
  return [...unique.values()];
}

export async function openAll(all: readonly RepositoryAt[], { hub, shipped, signal }: PlanOptions): Promise<readonly HubRepository[]> {
  return Promise.all(
    all.map(async (at) => {
      if (at.revision !== "") return hub.open(at, signal);
      if (shipped !== undefined) return atHand(at, shipped(at.repository));
      throw new OnestrokeError("model-missing", `the files of ${at.repository} ship with the app and are on no hub`, {
        repository: at.repository,
      });
    }),
  );
}

function atHand(at: RepositoryAt, store: ByteStore): HubRepository {
  const file = (path: string, byteLength: number): PlannedFile => ({ path, byteLength });
  return { at, commit: "", addresses: [], license: undefined, isGated: false, store, file };
}

/** The plan of a model whose repositories are open. Without an entry there is one repository. */
export async function planOf(
  entry: CatalogueEntry | undefined,
  repositories: readonly HubRepository[],
  { outline: read, readAs, signal }: PlanOptions,
): Promise<PlannedModel> {
  const attempt = async (as: ReadAs): Promise<PlannedModel> => {
    const opened = repositories.map(() => new Map<string, number>());
    const stores = repositories.map(({ store }, i) => recordingStore(store, opened[i] ?? new Map<string, number>()));
    const outline = await read(modelFiles(entry, repositories, stores), as, signal);
    const { weightFormats, storedNumbers } = outline;
    const planned = repositories.map((repository, i) => plannedRepository(repository, opened[i] ?? new Map<string, number>()));
    return {
      plan: {
        ...namesOf(entry, repositories),
        repositories: planned.filter(({ files, addresses }) => files.length > 0 && addresses.length > 0),
        ...(weightFormats && { weightFormats }),
        ...(storedNumbers && { storedNumbers }),
      },
      outline,
    };
  };
  return readAs === undefined ? eitherWay(entry, attempt) : attempt(readAs);
}

/**
 * Reads a model as weights, or else as graphs. Where it can be read neither way, the reason is the one that says more.
 * @param entry a model of the catalogue is known to have weights
 */
export async function eitherWay<T>(entry: CatalogueEntry | undefined, read: (as: ReadAs) => Promise<T>): Promise<T> {
  try {
    return await read("weights");
  } catch (weights) {
    if (entry !== undefined || !hasCode(weights, "model-missing", "model-unsupported")) throw weights;
    return await read("graphs").catch((graphs: unknown) => {
      throw hasCode(graphs, "model-missing") ? weights : graphs;
    });
  }
}

function hasCode(thrown: unknown, ...codes: readonly ErrorCode[]): boolean {
  return thrown instanceof OnestrokeError && codes.includes(thrown.code);
}

function modelFiles(entry: CatalogueEntry | undefined, repositories: readonly HubRepository[], stores: readonly ByteStore[]): ModelFiles {
  const open = ({ repository, revision }: RepositoryAt): ByteStore => {
    const store = stores[repositories.findIndex(({ at }) => at.repository === repository && at.revision === revision)];
    if (store === undefined) throw new OnestrokeError("model-missing", `${repository} is not a part of the model`, { repository });
    return store;
  };
  if (entry !== undefined) return { entry, base: entry.base && open(entry.base), open };
  return { entry, id: namesOf(entry, repositories).model, base: stores[0], open };
}

export function namesOf(
  entry: CatalogueEntry | undefined,
  repositories: readonly HubRepository[],
): Pick<DownloadPlan, "model" | "title" | "license"> {
  if (entry !== undefined) return { model: entry.id, title: entry.title, license: entry.license };
  const [only] = repositories;
  const at = only?.at ?? { repository: "", revision: "" };
  return { model: repositoryName(at), title: at.repository, license: only?.license };
}

function plannedRepository({ at, commit, addresses, file }: HubRepository, opened: ReadonlyMap<string, number>): PlannedRepository {
  return { ...at, commit, addresses, files: [...opened].map(([path, byteLength]) => file(path, byteLength)) };
}
