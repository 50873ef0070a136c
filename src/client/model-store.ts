// The page's half of the vault: the models that are kept on this device, as promises. The work is done by a worker of its own, so that
// downloads run beside drawing and outlive a lost GPU. A worker that dies is replaced, and what it was asked is asked again.
import {
  planBytes,
  type DownloadPlan,
  type DownloadProgress,
  type HandedModel,
  type KeptModel,
  type ModelOffer,
  type Room,
  type VerifiedModel,
} from "../common/download";
import { hubOrigin, parseHub } from "../common/address";
import { invariant, OnestrokeError } from "../common/errors";
import type { StorageAnswer, StorageCall } from "../protocol/storage-messages";
// Vite bundles the worker and gives its address; the linter looks for the file as it is.
// oxlint-disable-next-line import/default
import storageScript from "../worker/storage-entry.ts?worker&url";
import { startWorker } from "./start-worker";
import { StorageLink, type SpawnStorage } from "./storage-link";

export interface StoreHooks {
  /** Aborting a download keeps what has arrived; the next `fetch` goes on from there. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

export interface StoreRoom extends Room {
  /** Whether anything outlives the page. In private windows and frames of other sites nothing may. */
  readonly isKept: boolean;
}

export interface ModelStore {
  /** Address of the hub that is asked, as it was given. */
  readonly hub: string;
  /** Every model that is here, wholly or in part. */
  list(): Promise<readonly KeptModel[]>;
  /**
   * Asks the hub what a model is and what has to be fetched for it. Nothing large is fetched.
   * @param name an id of the catalogue, or a repository on the hub
   * @throws OnestrokeError `model-missing`, `model-unsupported`, `download-gated`, `download-failed`, `offline`, `invalid-input`, `cancelled`
   */
  inspect(name: string, hooks?: StoreHooks): Promise<ModelOffer>;
  /** Fetches what is missing of a model. @throws OnestrokeError as `Vault.fetch` */
  fetch(plan: DownloadPlan, hooks?: StoreHooks): Promise<KeptModel>;
  /** Reads and hashes every byte again. What is wrong is named and counts as missing from then on, so that `fetch` mends it. */
  verify(model: string, hooks?: StoreHooks): Promise<VerifiedModel>;
  /** @throws OnestrokeError `busy-elsewhere` while another tab draws with it */
  remove(model: string): Promise<void>;
  room(): Promise<StoreRoom>;
  /** Asks the browser never to clear the storage by itself; whether it agreed. Ask when the person chooses to download. */
  persist(): Promise<boolean>;
  /** An access token, which is sent to the hub's own origin; undefined sends none any more. It is held in memory only. */
  useToken(token: string | undefined): void;
  /**
   * Takes a folder or a file that somebody opened. It is listed, and handed over, until it is removed or the page is closed.
   * @returns the one of its name before, whose place it takes
   */
  lend(model: HandedModel): HandedModel | undefined;
  /** Takes a LoRA's file that somebody opened, until the page is closed. */
  lendLora(name: string, file: Blob): void;
  /** It, for the generator's option of the same name. */
  loraOf(name: string): Blob | undefined;
  /**
   * Copies a folder that was lent into this browser, where it stays. From then on it is no longer lent.
   * @throws OnestrokeError `model-missing` where it is not lent, or its files cannot be read any more; `storage-full`, `cancelled`
   */
  copy(model: string, hooks?: StoreHooks): Promise<KeptModel>;
  /** A complete model that only the page has, for the generator's option `filesOf`; undefined where the image worker finds it by itself. */
  handOver(model: string): Promise<HandedModel | undefined>;
  /** Ends the worker and rejects what is pending with `cancelled`. */
  dispose(): void;
}

export interface ModelStoreOptions {
  /** The model hub, or a server that answers as it does. The default is huggingface.co. One that is no address is refused when it is to be asked. */
  readonly hub?: string;
  /** Servers with the same files, in the order in which they are asked for what the hub does not give. They never get a token. */
  readonly mirrors?: readonly string[];
  /** Another address for the worker's script. */
  readonly workerAddress?: string | URL;
}

export function createModelStore({ hub, mirrors, workerAddress = storageScript }: ModelStoreOptions = {}): ModelStore {
  return superviseStore((listeners) => startWorker(workerAddress, listeners), navigator.storage, hub, mirrors);
}

/** What `createModelStore` makes, with a worker of the caller's. Pages use `createModelStore`. */
export function superviseStore(
  spawn: SpawnStorage,
  storage: StorageManager | undefined = navigator.storage,
  hub = "https://huggingface.co",
  mirrors: readonly string[] = [],
): ModelStore {
  const link = new StorageLink(spawn);
  /** The browser's answer, once it was asked. */
  let isPersistent: boolean | undefined;
  const lent = new Map<string, HandedModel>();
  let editions = 0;
  const loras = new Map<string, Blob>();
  /** Once it is known that workers can read each other's files, nothing is asked. */
  let isKept = false;

  async function ask<Type extends StorageAnswer["type"]>(
    call: StorageCall,
    type: Type,
    hooks: StoreHooks = {},
  ): Promise<Extract<StorageAnswer, { type: Type }>> {
    const answer = await link.call(call, hooks);
    invariant(isOf(answer, type), `${call.type} is answered by ${type}`);
    return answer;
  }

  return {
    hub,
    list: async () => {
      const { models } = await ask({ type: "list" }, "listed");
      // A folder that is open is drawn with where it is, even if a copy of it has been begun.
      return [...models.filter(({ plan }) => !lent.has(plan.model)), ...[...lent.values()].map(keptAs)];
    },
    inspect: async (name, hooks) => {
      const asked = { hub: parseHub(hub, "hub"), mirrors: mirrors.map((mirror) => parseHub(mirror, "mirrors")) };
      return (await ask({ type: "inspect", name, ...asked }, "inspected", hooks)).offer;
    },
    fetch: async (plan, hooks) => (await ask({ type: "fetch", plan }, "kept", hooks)).model,
    verify: async (model, hooks) => (await ask({ type: "verify", model }, "verified", hooks)).model,
    remove: async (model) => {
      if (!lent.delete(model)) await ask({ type: "remove", model }, "removed");
    },
    room: async () => {
      const { room, isKept } = await ask({ type: "room" }, "room");
      return { ...room, isPersistent: room.isPersistent ?? isPersistent, isKept };
    },
    // Only the page may ask; a worker may not.
    persist: async () => (isPersistent = (await storage?.persist?.().catch(() => false)) ?? false),
    useToken: (token) => {
      const origin = hubOrigin(hub);
      link.useTokens(new Map(token === undefined || origin === undefined ? [] : [[origin, token]]));
    },
    lend: (model) => {
      const before = lent.get(model.plan.model);
      lent.set(model.plan.model, { ...model, edition: ++editions });
      return before;
    },
    lendLora: (name, file) => void loras.set(name, file),
    loraOf: (name) => loras.get(name),
    copy: async (name, hooks) => {
      const own = lent.get(name);
      if (own === undefined)
        throw new OnestrokeError("model-missing", `${name} is not open`, { model: name, remedy: "Open its folder again." });
      const { model } = await ask({ type: "copy", model: asCopied(own) }, "kept", hooks);
      lent.delete(name);
      return model;
    },
    handOver: async (name) => {
      const own = lent.get(name);
      if (own !== undefined || isKept) return own && { ...own, hub };
      const answer = await ask({ type: "hand-over", model: name }, "handed-over");
      isKept = answer.isKept;
      return answer.model;
    },
    dispose: () => link.dispose(),
  };
}

function keptAs({ plan, isOneFile }: HandedModel): KeptModel {
  const totalBytes = planBytes(plan);
  return { plan, isComplete: true, hereBytes: totalBytes, totalBytes, isChecked: false, lent: isOneFile === true ? "file" : "folder" };
}

/** A folder of the same name may hold other files tomorrow. What is copied of it is told apart by when its files were last changed. */
function asCopied({ plan, files }: HandedModel): HandedModel {
  const changed = [...files.values()].map((file) => (file instanceof File ? file.lastModified : 0));
  const commit = `changed ${new Date(Math.max(0, ...changed)).toISOString()}`;
  return { plan: { ...plan, repositories: plan.repositories.map((repository) => ({ ...repository, commit })) }, files };
}

function isOf<Type extends StorageAnswer["type"]>(answer: StorageAnswer, type: Type): answer is Extract<StorageAnswer, { type: Type }> {
  return answer.type === type;
}
