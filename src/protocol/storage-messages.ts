// The messages between page and storage worker, in both directions. Every call has an id, and every message about it carries
// that id; a call ends with exactly one `Answer` or `failed`. Calls run beside each other.
import type { DownloadPlan, DownloadProgress, HandedModel, KeptModel, ModelOffer, Room, VerifiedModel } from "../common/download";
import type { WireError } from "../common/errors";

export type StorageCall =
  | { readonly type: "list" }
  | { readonly type: "inspect"; readonly name: string; readonly hub: string; readonly mirrors: readonly string[] }
  | { readonly type: "fetch"; readonly plan: DownloadPlan }
  | { readonly type: "copy"; readonly model: HandedModel }
  | { readonly type: "verify"; readonly model: string }
  | { readonly type: "remove"; readonly model: string }
  | { readonly type: "room" }
  | { readonly type: "hand-over"; readonly model: string };

export type ToStorage =
  | (StorageCall & { readonly id: number })
  /** `id` is the id of the call to cancel. */
  | { readonly type: "cancel"; readonly id: number }
  /** Bearer tokens by the origin that each is for, in place of those before. They are sent to no other origin. */
  | { readonly type: "tokens"; readonly tokens: ReadonlyMap<string, string> }
  | { readonly type: "ping" };

export type StorageAnswer =
  | { readonly type: "listed"; readonly id: number; readonly models: readonly KeptModel[] }
  | { readonly type: "inspected"; readonly id: number; readonly offer: ModelOffer }
  /** Ends `fetch` and `copy`. */
  | { readonly type: "kept"; readonly id: number; readonly model: KeptModel }
  | { readonly type: "verified"; readonly id: number; readonly model: VerifiedModel }
  | { readonly type: "removed"; readonly id: number }
  | { readonly type: "room"; readonly id: number; readonly room: Room; readonly isKept: boolean }
  | { readonly type: "handed-over"; readonly id: number; readonly model: HandedModel | undefined; readonly isKept: boolean };

export type FromStorage =
  | StorageAnswer
  | { readonly type: "failed"; readonly id: number; readonly error: WireError }
  | { readonly type: "progress"; readonly id: number; readonly progress: DownloadProgress }
  | { readonly type: "pong" };
