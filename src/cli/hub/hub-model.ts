// A model of the hub for a command: from the cache where it is whole there, else fetched into it first.
import type { ModelFiles } from "../../checkpoints/places";
import { foreignError } from "../../checkpoints/foreign-file";
import type { DownloadPlan, DownloadProgress } from "../../common/download";
import { OnestrokeError } from "../../common/errors";
import type { ReadAs } from "../../common/model-outline";
import type { Hub } from "../../hub/hub";
import { planDownload, type PlannedModel, type PlanOptions, type ReadOutline } from "../../hub/plan";
import type { Transfer } from "../../vault/transfer/transfer";
import { GRAPHS } from "../not-a-model";
import { cachedModel, namedModel, type CachedModel } from "./cached-model";
import { fetchPlan } from "./fetch-plan";

export interface HubModelOptions {
  readonly cache: string;
  /** Undefined where the network is forbidden. */
  readonly hub: Hub | undefined;
  readonly outline: ReadOutline;
  /** How it must be read. Default: as it can be. */
  readonly readAs?: ReadAs | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Hears what is about to be fetched. */
  readonly onPlan?: (plan: DownloadPlan) => void;
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly transfer?: Partial<Transfer>;
}

/** @throws OnestrokeError `offline` where it is not here and the network is forbidden; as `planDownload` and `fetchPlan` */
export async function hubModel(model: string, options: HubModelOptions): Promise<ModelFiles> {
  const { cache, outline, readAs, signal } = options;
  const here = await cachedModel(cache, namedModel(model), outline, readAs, signal);
  return (here ?? (await fetchModel(model, options))).files;
}

/** Fetches what is missing of a model, and looks up what its branches are now. */
export async function fetchModel(model: string, options: HubModelOptions): Promise<CachedModel> {
  const { cache, hub, outline, readAs, signal, onPlan, onProgress = () => undefined, transfer = {} } = options;
  if (hub === undefined) {
    throw new OnestrokeError("offline", `${model} is not in ${cache}, or not all of it, and HF_HUB_OFFLINE forbids the network`, {
      model,
      remedy: "Unset HF_HUB_OFFLINE, or name the cache folder that has the model with HF_HUB_CACHE.",
    });
  }
  const { plan } = await chosenPlan(model, { hub, outline, signal }, readAs);
  onPlan?.(plan);
  await fetchPlan(plan, { cache, fetcher: hub.fetcher, signal, onProgress, transfer });
  const found = await cachedModel(cache, namedModel(model), outline, readAs, signal);
  if (found !== undefined) return found;
  throw new OnestrokeError("storage-cleared", `${model} was fetched, and is not in ${cache} any more`, { model });
}

/** The plan for reading a model as it must be read. Where it holds only graphs and weights are wanted, the error says what draws them. */
async function chosenPlan(model: string, options: PlanOptions, readAs: ReadAs | undefined): Promise<PlannedModel> {
  if (readAs === "graphs") return planDownload(model, { ...options, readAs });
  const planned = await planDownload(model, options);
  if (readAs === "weights" && planned.outline.readAs === "graphs") throw foreignError(model, GRAPHS, "holds");
  return planned;
}
