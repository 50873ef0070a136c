// A model of the hub for a command: from the cache where it is whole there, else fetched into it first.
import { refuseUnread } from "../../checkpoints/catalogue-manifest";
import type { ModelFiles } from "../../checkpoints/places";
import { foreignError } from "../../checkpoints/foreign-file";
import type { DownloadProgress } from "../../common/download";
import { OnestrokeError } from "../../common/errors";
import type { ReadAs } from "../../common/model-outline";
import type { Hub } from "../../hub/hub";
import { planDownload, type PlannedModel, type PlanOptions } from "../../hub/plan";
import type { Transfer } from "../../vault/transfer/transfer";
import { GRAPHS } from "../not-a-model";
import type { ModelCache } from "./cache";
import { cachedModel, namedModel, type CachedModel } from "./cached-model";
import { fetchPlan } from "./fetch-plan";

export interface HubModelOptions {
  readonly cache: ModelCache;
  /** Undefined where the network is forbidden. */
  readonly hub: Hub | undefined;
  /** How it must be read. Default: as it can be. */
  readonly readAs?: ReadAs | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Tests shorten the pauses. */
  readonly transfer?: Partial<Transfer> | undefined;
}

/** @throws OnestrokeError `offline` where it is not here and the network is forbidden; as `planDownload` and `fetchPlan` */
export async function hubModel(model: string, options: HubModelOptions): Promise<ModelFiles> {
  const { cache, readAs, signal } = options;
  const named = namedModel(model);
  if (named.entry !== undefined) refuseUnread(named.entry);
  const here = await cachedModel(cache, named, readAs, signal);
  return (here ?? (await fetchModel(model, options))).files;
}

/** Fetches what is missing of a model, and looks up what its branches are now. */
export async function fetchModel(model: string, options: HubModelOptions): Promise<CachedModel> {
  const { cache, hub, readAs, signal, onProgress, transfer } = options;
  if (hub === undefined) {
    throw new OnestrokeError("offline", `${model} is not in ${cache.folder}, or not all of it, and HF_HUB_OFFLINE forbids the network`, {
      model,
      remedy: "Unset HF_HUB_OFFLINE, or name the cache folder that has the model with HF_HUB_CACHE.",
    });
  }
  const { plan } = await chosenPlan(model, { hub, outline: cache.outline, shipped: cache.shipped, signal }, readAs);
  await fetchPlan(plan, { cache: cache.folder, fetcher: hub.fetcher, signal, onProgress, transfer });
  const found = await cachedModel(cache, namedModel(model), readAs, signal);
  if (found !== undefined) return found;
  throw new OnestrokeError("storage-cleared", `${model} was fetched, and is not in ${cache.folder} any more`, { model });
}

/** The plan for reading a model as it must be read. Where it holds only graphs and weights are wanted, the error says what draws them. */
async function chosenPlan(model: string, options: PlanOptions, readAs: ReadAs | undefined): Promise<PlannedModel> {
  if (readAs === "graphs") return planDownload(model, { ...options, readAs });
  const planned = await planDownload(model, options);
  if (readAs === "weights" && planned.outline.readAs === "graphs") throw foreignError(model, GRAPHS, "holds");
  return planned;
}
