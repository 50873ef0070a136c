// What a repository is, before anything large of it is fetched: whether it can be drawn with here, and why not; what it would cost to
// fetch, and what it would need.
import { Fields } from "../common/json";
import { readJson } from "../checkpoints/read-file";
import { planBytes, type DownloadPlan } from "../common/download";
import { OnestrokeError, type ErrorCode, type WireError } from "../common/errors";
import type { License } from "../common/model-facts";
import type { ModelOutline } from "../common/model-outline";
import type { HubRepository } from "./hub";
import { openAll, planOf, type PlanOptions } from "./plan";
import { parseRepositoryName, repositoryName } from "./repository-name";

/** Plain data: it travels from the worker to the page. */
export interface RepositoryReport {
  /** `owner/name` or `owner/name@revision`. */
  readonly model: string;
  readonly commit: string;
  readonly license: License | undefined;
  readonly isGated: boolean;
  /** The class that its index names, such as `StableDiffusionXLPipeline`; absent where there is no index, or it cannot be read. */
  readonly pipelineClass: string | undefined;
  /** What it would be drawn with; absent where it cannot be. */
  readonly found: { readonly plan: DownloadPlan; readonly outline: ModelOutline; readonly downloadBytes: number } | undefined;
  /** Why it cannot be drawn with. */
  readonly refused: WireError | undefined;
}

/** Errors that say something of the repository, and nothing of the way to it. */
const VERDICTS: readonly ErrorCode[] = ["model-missing", "model-unsupported", "model-corrupt", "download-gated"];

/** @throws OnestrokeError where there is no such repository, or the hub cannot be reached */
export async function inspectRepository(name: string, options: PlanOptions): Promise<RepositoryReport> {
  const repositories = await openAll([parseRepositoryName(name)], options);
  const [repository] = repositories;
  if (repository === undefined) throw new OnestrokeError("model-missing", `there is no ${name}`);
  const { at, commit, license, isGated } = repository;
  const report = { model: repositoryName(at), commit, license, isGated, pipelineClass: await pipelineClass(repository, options.signal) };
  try {
    const { plan, outline } = await planOf(undefined, repositories, options);
    return { ...report, found: { plan, outline, downloadBytes: planBytes(plan) }, refused: undefined };
  } catch (thrown) {
    if (!(thrown instanceof OnestrokeError) || !VERDICTS.includes(thrown.code)) throw thrown;
    return { ...report, found: undefined, refused: thrown.toWire() };
  }
}

async function pipelineClass({ store }: HubRepository, signal?: AbortSignal): Promise<string | undefined> {
  if (!(await store.exists("model_index.json", signal))) return undefined;
  try {
    return new Fields(await readJson(store, "model_index.json", signal), store.name).optionalString("_class_name");
  } catch (thrown) {
    if (thrown instanceof OnestrokeError && VERDICTS.includes(thrown.code)) return undefined;
    throw thrown;
  }
}
