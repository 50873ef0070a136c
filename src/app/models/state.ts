// What the page knows of models: which are on this device, what is going on with each, and what this device can do.
import { catalogueEntry, CATALOGUE } from "../../catalogue/entries";
import type { CatalogueEntry } from "../../catalogue/entry";
import type { StoreRoom } from "../../library";
import {
  planBytes,
  type DamagedRange,
  type DownloadProgress,
  type KeptModel,
  type ModelOffer,
  type PlannedRepository,
} from "../../common/download";
import type { OnestrokeError } from "../../common/errors";
import type { License } from "../../common/model-facts";
import type { GpuSurvey } from "./gpu-survey";

/** What is going on with one model. Where nothing is, the model has no activity. */
export type Activity =
  | { readonly kind: "inspecting" }
  /** Everything that a person should know before the download, which waits for their word. */
  | { readonly kind: "offered"; readonly offer: ModelOffer }
  /** The offer is there until the vault has the plan. */
  | {
      readonly kind: "downloading";
      readonly offer: ModelOffer | undefined;
      readonly progress: DownloadProgress | undefined;
      readonly bytesPerSecond: number | undefined;
    }
  | { readonly kind: "verifying"; readonly progress: DownloadProgress | undefined }
  /** What was not as published. */
  | { readonly kind: "verified"; readonly damaged: readonly DamagedRange[] }
  | { readonly kind: "asking to remove" }
  | { readonly kind: "removing" }
  | { readonly kind: "failed"; readonly error: OnestrokeError };

export interface ModelsState {
  readonly isOpen: boolean;
  /** The model that the panel was opened for, whose row comes into view. */
  readonly wanted: string | undefined;
  /** Undefined until the vault has been looked into. */
  readonly kept: readonly KeptModel[] | undefined;
  readonly activities: ReadonlyMap<string, Activity>;
  /** Models whose folders somebody opened in an earlier visit. */
  readonly folders: readonly string[];
  readonly room: StoreRoom | undefined;
  readonly gpu: GpuSurvey | undefined;
  /** Whether this browser keeps the hub's access token over visits. */
  readonly keepsToken: boolean;
  /** Whether there is one: somebody may wish to keep it before it is typed. */
  readonly hasToken: boolean;
}

export const NO_MODELS: ModelsState = {
  isOpen: false,
  wanted: undefined,
  kept: undefined,
  activities: new Map(),
  folders: [],
  room: undefined,
  gpu: undefined,
  keepsToken: false,
  hasToken: false,
};

/** One row of the panel. */
export interface ModelRow {
  readonly id: string;
  readonly title: string;
  readonly entry: CatalogueEntry | undefined;
  readonly license: License | undefined;
  /** GPU memory for a picture of its own size, in bytes; undefined where nobody has estimated it. */
  readonly gpuBytes: number | undefined;
  /** The same with smaller weights; undefined until the hub was asked. */
  readonly smallerGpuBytes: ModelOffer["outline"]["smallerGpuBytes"];
  /** Networks that take turns on the GPU for such a picture; empty until the hub was asked. */
  readonly turns: ModelOffer["outline"]["turns"];
  /** Pixels on a side of such a picture. */
  readonly size: number | undefined;
  /** All that has to be here; undefined where nobody has measured it and the hub has not been asked. */
  readonly totalBytes: number | undefined;
  /** An estimate of it from the catalogue, for as long as it is not known. */
  readonly aboutBytes: number | undefined;
  readonly hereBytes: number;
  readonly isComplete: boolean;
  /** Whether its bytes were compared with published hashes; undefined while it is not complete. */
  readonly isChecked: boolean | undefined;
  /** It ships with the page: it needs no download to be asked for, and comes back by itself. */
  readonly isEmbedded: boolean;
  /** It lies on this device's own disk: open, or a folder of an earlier visit, which the browser asks about again. */
  readonly own: "folder" | "file" | "closed folder" | undefined;
  /** It was copied from this device, and nobody else has it. */
  readonly isCopied: boolean;
  readonly activity: Activity | undefined;
}

/** What is here comes first, then the catalogue, then what somebody asked about. */
export function modelRows({ kept, activities, folders }: Pick<ModelsState, "kept" | "activities" | "folders">): readonly ModelRow[] {
  const here = new Map((kept ?? []).map((model) => [model.plan.model, model]));
  const offered = CATALOGUE.filter(isOffered).map(({ id }) => id);
  const ids = new Set([...here.keys(), ...folders, ...offered, ...activities.keys()]);
  const rows = [...ids].map((id) => rowOf(id, here.get(id), activities.get(id), folders.includes(id)));
  return rows.toSorted((left, right) => rank(left) - rank(right));
}

const isNowhereElse = ({ addresses }: PlannedRepository): boolean => addresses.length === 0;

/** Models that draw from a text, and whose weights are read. */
function isOffered({ weights, components, base }: CatalogueEntry): boolean {
  return weights !== "orbax" && base !== undefined && components.transformer === undefined;
}

const rank = ({ isEmbedded, isComplete, hereBytes, own, entry }: ModelRow): number =>
  isEmbedded ? 0 : isComplete ? 1 : hereBytes > 0 || own !== undefined ? 2 : entry === undefined ? 3 : 4;

function rowOf(id: string, kept: KeptModel | undefined, activity: Activity | undefined, isFolder: boolean): ModelRow {
  const entry = catalogueEntry(id);
  const offer = activity?.kind === "offered" || activity?.kind === "downloading" ? activity.offer : undefined;
  const plan = kept?.plan ?? offer?.plan;
  const progress = activity?.kind === "downloading" ? activity.progress : undefined;
  const totalBytes = progress?.totalBytes ?? (plan === undefined ? entry?.byteLength : planBytes(plan));
  return {
    id,
    title: entry?.title ?? plan?.title ?? id,
    entry,
    license: entry?.license ?? plan?.license,
    size: offer?.outline.defaultSize ?? entry?.size,
    gpuBytes: offer?.outline.gpuBytes ?? entry?.gpuBytes,
    smallerGpuBytes: offer?.outline.smallerGpuBytes,
    turns: offer?.outline.turns ?? [],
    totalBytes,
    aboutBytes: totalBytes === undefined ? entry?.downloadBytes : undefined,
    // Who waits for another tab does not hear how far that one is.
    hereBytes: Math.max(progress?.hereBytes ?? 0, kept?.hereBytes ?? 0),
    isComplete: kept?.isComplete ?? false,
    isChecked: kept?.isComplete === true ? kept.isChecked : undefined,
    isEmbedded: entry?.base?.revision === "",
    own: kept?.lent ?? (isFolder && kept?.isComplete !== true ? "closed folder" : undefined),
    isCopied: kept !== undefined && kept.lent === undefined && entry === undefined && kept.plan.repositories.every(isNowhereElse),
    activity,
  };
}
