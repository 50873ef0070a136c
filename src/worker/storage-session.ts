// The storage worker's half of the conversation: one vault, and any number of calls beside each other, since the vault's own locks keep
// them from harm.
import type { ModelOffer } from "../common/download";
import { OnestrokeError } from "../common/errors";
import type { FromStorage, StorageAnswer, StorageCall, ToStorage } from "../protocol/storage-messages";
import type { Transfer } from "../vault/transfer/transfer";
import type { HubAt } from "./inspect-model";
import type { Vault, VaultHooks } from "../vault/vault";

/** Asks a hub about a model. */
export type InspectModel = (name: string, at: HubAt, signal: AbortSignal) => Promise<ModelOffer>;

export class StorageSession {
  readonly #openVault: (transfer: Pick<Transfer, "headersFor">) => Promise<Vault>;
  readonly #inspect: InspectModel;
  readonly #post: (message: FromStorage) => void;
  readonly #aborts = new Map<number, AbortController>();
  #tokens: ReadonlyMap<string, string> = new Map();
  #vault: Promise<Vault> | undefined;

  constructor(
    openVault: (transfer: Pick<Transfer, "headersFor">) => Promise<Vault>,
    inspect: InspectModel,
    post: (message: FromStorage) => void,
  ) {
    this.#openVault = openVault;
    this.#inspect = inspect;
    this.#post = post;
  }

  receive(message: ToStorage): void {
    switch (message.type) {
      case "ping":
        this.#post({ type: "pong" });
        return;
      case "tokens":
        this.#tokens = message.tokens;
        return;
      case "cancel":
        this.#aborts.get(message.id)?.abort();
        return;
      case "list":
      case "inspect":
      case "fetch":
      case "copy":
      case "verify":
      case "remove":
      case "room":
      case "hand-over":
        void this.#answer(message, message.id);
        return;
    }
  }

  /** Runs one call and posts its single answer. Never rejects. */
  async #answer(call: StorageCall, id: number): Promise<void> {
    const abort = new AbortController();
    this.#aborts.set(id, abort);
    const hooks: VaultHooks = {
      signal: abort.signal,
      onProgress: (progress) => this.#post({ type: "progress", id, progress }),
    };
    try {
      if (call.type === "inspect") {
        const token = this.#tokens.get(new URL(call.hub).origin);
        this.#post({ type: "inspected", id, offer: await this.#inspect(call.name, { ...call, token }, abort.signal) });
        return;
      }
      this.#vault ??= this.#openVault({ headersFor: (url) => this.#headersFor(url) });
      // A failure is not remembered: the next call may succeed.
      this.#vault.catch(() => (this.#vault = undefined));
      this.#post(await perform(call, id, await this.#vault, hooks));
    } catch (thrown) {
      this.#post({ type: "failed", id, error: OnestrokeError.from(thrown, "worker-died").toWire() });
    } finally {
      this.#aborts.delete(id);
    }
  }

  #headersFor(url: string): Readonly<Record<string, string>> {
    const token = this.#tokens.get(new URL(url).origin);
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }
}

async function perform(
  call: Exclude<StorageCall, { type: "inspect" }>,
  id: number,
  vault: Vault,
  hooks: VaultHooks,
): Promise<StorageAnswer> {
  switch (call.type) {
    case "list":
      return { type: "listed", id, models: await vault.list() };
    case "fetch":
      return { type: "kept", id, model: await vault.fetch(call.plan, hooks) };
    case "copy":
      return { type: "kept", id, model: await vault.copy(call.model, hooks) };
    case "verify":
      return { type: "verified", id, model: await vault.verify(call.model, hooks) };
    case "remove":
      await vault.remove(call.model);
      return { type: "removed", id };
    case "room":
      return { type: "room", id, room: await vault.room(), isKept: vault.isKept };
    case "hand-over":
      return { type: "handed-over", id, model: await vault.handOver(call.model), isKept: vault.isKept };
  }
}
