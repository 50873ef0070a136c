// The page's half of the vault: the models that are kept on this device, as promises. The work is done by a worker of its own, so that
// downloads run beside drawing and outlive a lost GPU. A worker that dies is replaced, and what it was asked is asked again.
import type { DownloadPlan, DownloadProgress, HandedModel, KeptModel, Room } from "../common/download";
import { invariant } from "../common/errors";
import type { StorageAnswer, StorageCall } from "../protocol/storage-messages";
import { StorageLink, type SpawnStorage, storageSpawner } from "./storage-link";

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
  /** Every model that is here, wholly or in part. */
  list(): Promise<readonly KeptModel[]>;
  /** Fetches what is missing of a model. @throws OnestrokeError as `Vault.fetch` */
  fetch(plan: DownloadPlan, hooks?: StoreHooks): Promise<KeptModel>;
  /** Reads and hashes every byte again. What is wrong counts as missing from then on, so that `fetch` mends it. */
  verify(model: string, hooks?: StoreHooks): Promise<KeptModel>;
  /** @throws OnestrokeError `busy-elsewhere` while another tab draws with it */
  remove(model: string): Promise<void>;
  room(): Promise<StoreRoom>;
  /** Asks the browser never to clear the storage by itself; whether it agreed. Ask when the person chooses to download. */
  persist(): Promise<boolean>;
  /** The token that is sent to one origin, as `https://huggingface.co`; undefined sends none any more. It is held in memory only. */
  useToken(origin: string, token: string | undefined): void;
  /** A complete model that is only in memory, for the generator's option `filesOf`; undefined where the image worker finds it by itself. */
  handOver(model: string): Promise<HandedModel | undefined>;
  /** Ends the worker and rejects what is pending with `cancelled`. */
  dispose(): void;
}

/** @param workerAddress another address for the worker's script */
export function createModelStore(workerAddress?: string | URL): ModelStore {
  return superviseStore(storageSpawner(workerAddress));
}

/** What `createModelStore` makes, with a worker of the caller's. Pages use `createModelStore`. */
export function superviseStore(spawn: SpawnStorage, storage: StorageManager | undefined = navigator.storage): ModelStore {
  const link = new StorageLink(spawn);
  const tokens = new Map<string, string>();
  /** The browser's answer, once it was asked. */
  let isPersistent: boolean | undefined;
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
    list: async () => (await ask({ type: "list" }, "listed")).models,
    fetch: async (plan, hooks) => (await ask({ type: "fetch", plan }, "kept", hooks)).model,
    verify: async (model, hooks) => (await ask({ type: "verify", model }, "kept", hooks)).model,
    remove: async (model) => void (await ask({ type: "remove", model }, "removed")),
    room: async () => {
      const { room, isKept } = await ask({ type: "room" }, "room");
      return { ...room, isPersistent: room.isPersistent ?? isPersistent, isKept };
    },
    // Only the page may ask; a worker may not.
    persist: async () => (isPersistent = (await storage?.persist?.().catch(() => false)) ?? false),
    useToken: (origin, token) => {
      if (token === undefined) tokens.delete(origin);
      else tokens.set(origin, token);
      link.useTokens(tokens);
    },
    handOver: async (name) => {
      if (isKept) return undefined;
      const answer = await ask({ type: "hand-over", model: name }, "handed-over");
      isKept = answer.isKept;
      return answer.model;
    },
    dispose: () => link.dispose(),
  };
}

function isOf<Type extends StorageAnswer["type"]>(answer: StorageAnswer, type: Type): answer is Extract<StorageAnswer, { type: Type }> {
  return answer.type === type;
}
