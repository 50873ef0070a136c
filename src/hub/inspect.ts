// What a model of the hub is, before anything large of it is fetched: whether it can be drawn with here, and why not; what it would cost
// to fetch, and what it would need.
import { catalogueEntry } from "../catalogue/entries";
import { readJson } from "../checkpoints/read-file";
import { planBytes, type DownloadPlan } from "../common/download";
import { OnestrokeError, type ErrorCode, type WireError } from "../common/errors";
import { Fields } from "../common/json";
import type { License } from "../common/model-facts";
import type { ModelOutline } from "../common/model-outline";
import type { HubRepository } from "./hub";
import { namesOf, openAll, planOf, repositoriesOf, type PlanOptions } from "./plan";
import { parseRepositoryName, repositoryName } from "./repository-name";

/** Plain data: it travels from the worker to the page. */
export interface ModelReport {
  /** An id of the catalogue, `owner/name` or `owner/name@revision`. */
  readonly model: string;
  readonly title: string;
  readonly license: License | undefined;
  /** Each repository that it is made of, the one that holds most of it first, and the commit that its revision is now. */
  readonly repositories: readonly { readonly name: string; readonly commit: string; readonly isGated: boolean }[];
  /** The class that the index names, such as `StableDiffusionXLPipeline`; absent where there is no index, or it cannot be read. */
  readonly pipelineClass: string | undefined;
  /** What it would be drawn with; absent where it cannot be. */
  readonly found: { readonly plan: DownloadPlan; readonly outline: ModelOutline; readonly downloadBytes: number } | undefined;
  /** Why it cannot be drawn with. */
  readonly refused: WireError | undefined;
}

/** Errors that say something of the repository, and nothing of the way to it. */
const VERDICTS: readonly ErrorCode[] = ["model-missing", "model-unsupported", "model-corrupt", "download-gated"];

/**
 * @param model an id of the catalogue, or the name of a repository
 * @throws OnestrokeError where there is no such repository, or the hub cannot be reached
 */
export async function inspectModel(model: string, options: PlanOptions): Promise<ModelReport> {
  const entry = catalogueEntry(model);
  const repositories = await openAll(entry === undefined ? [parseRepositoryName(model)] : repositoriesOf(entry), options);
  const report = {
    ...namesOf(entry, repositories),
    repositories: repositories.map(({ at, commit, isGated }) => ({ name: repositoryName(at), commit, isGated })),
    pipelineClass: await pipelineClass(repositories[0], options.signal),
  };
  try {
    const { plan, outline } = await planOf(entry, repositories, options);
    return { ...report, found: { plan, outline, downloadBytes: planBytes(plan) }, refused: undefined };
  } catch (thrown) {
    if (!(thrown instanceof OnestrokeError) || !VERDICTS.includes(thrown.code)) throw thrown;
    return { ...report, found: undefined, refused: thrown.toWire() };
  }
}

async function pipelineClass(base: HubRepository | undefined, signal?: AbortSignal): Promise<string | undefined> {
  const store = base?.store;
  if (store === undefined || !(await store.exists("model_index.json", signal))) return undefined;
  try {
    return new Fields(await readJson(store, "model_index.json", signal), store.name).optionalString("_class_name");
  } catch (thrown) {
    if (thrown instanceof OnestrokeError && VERDICTS.includes(thrown.code)) return undefined;
    throw thrown;
  }
}
