// The vault keeps models on this device: content-addressed, verified and resumable. It is one more place that models come from.
import type { ModelFiles } from "../checkpoints/places";
import type { DownloadPlan, DownloadProgress, HandedModel, KeptModel, Room, VerifiedModel } from "../common/download";
import type { ReadableFile } from "./folder";

export interface VaultHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Of `fetch` and `copy`: is given each file of the model as soon as it is whole and proved, and closes it. Small files come first. */
  readonly onFile?: ((name: string, file: ReadableFile) => Promise<void>) | undefined;
}

export interface OpenHooks {
  readonly signal?: AbortSignal | undefined;
  /** Hears how much of a model is here that is on its way still. */
  readonly onProgress?: ((hereBytes: number, totalBytes: number) => void) | undefined;
}

/** The files of a model that is open for drawing. No tab can remove it until it is released. */
export interface OpenModel extends ModelFiles {
  /**
   * Resolves once every file of it is here; before that, reads of what is on its way wait.
   * @returns whether what was read of files before they were whole and proved is what they hold. If not, whatever was made of it has to be
   * made anew, from another `open`
   * @throws OnestrokeError as `Vault.fetch` or `Vault.open`, and so do those reads
   */
  arrived(): Promise<boolean>;
  release(): Promise<void>;
}

export interface Vault {
  /** Whether anything outlives the page. Where the browser gives no storage (private windows, frames of other sites), nothing does. */
  readonly isKept: boolean;
  list(): Promise<readonly KeptModel[]>;
  /**
   * Fetches what is missing of a model, and remembers the plan. Proved chunks are kept whatever happens; the next call goes on from them.
   * @param plan a newer plan for the same model replaces the older one once it is complete
   * @throws OnestrokeError `download-failed`, `download-stalled`, `download-gated`, `offline`, `model-missing`, `model-corrupt`,
   * `model-unsupported` (kept by a newer version of the app), `storage-full`, `storage-cleared`, `cancelled`
   */
  fetch(plan: DownloadPlan, hooks?: VaultHooks): Promise<KeptModel>;
  /**
   * Copies a model from files of this device, as `fetch` would bring it. Nobody has published hashes for it.
   * @throws OnestrokeError `model-missing` where a file cannot be read any more; `storage-full`, `storage-cleared`, `cancelled`
   */
  copy(model: HandedModel, hooks?: VaultHooks): Promise<KeptModel>;
  /**
   * The files of a model that is complete, or of one that is being fetched now, in this tab or in another; undefined where it is neither.
   * Nothing is fetched by this. A download that ends too early is what reads of the rest fail of: OnestrokeError `model-missing`, with the
   * detail `notHere`.
   */
  open(model: string, hooks?: OpenHooks): Promise<OpenModel | undefined>;
  /** A complete model whose files are only in memory; undefined where storage is kept, which every worker opens by itself. */
  handOver(model: string): Promise<HandedModel | undefined>;
  /** Hashes every byte again. What is wrong is demoted to missing, and the next `fetch` gets it and nothing else. */
  verify(model: string, hooks?: VaultHooks): Promise<VerifiedModel>;
  /** Forgets a model. Files that another model needs stay. @throws OnestrokeError `busy-elsewhere` while another tab draws with it */
  remove(model: string): Promise<void>;
  /** Only a page may ask the browser to keep its storage for good, so that is not done here. */
  room(): Promise<Room>;
}
