// The visitor's access token for the hub: held in memory for this visit, and in this browser for others where the visitor says so. It is
// kept for the hub that it was typed for, and shown nowhere.
import { createStore, del, get, set } from "idb-keyval";
import { hubOrigin } from "../../common/address";
import type { ModelStore } from "../../library";

/** Where tokens lie, by the hub's origin; tests have a map. */
export interface Tokens {
  get(hub: string): Promise<string | undefined>;
  set(hub: string, token: string): Promise<void>;
  delete(hub: string): Promise<void>;
}

export interface HubAccess {
  /** Takes what an earlier visit kept. @returns whether it kept one */
  restore(): Promise<boolean>;
  /** @param typed "" for none. @returns whether this browser keeps it */
  use(typed: string): Promise<boolean>;
  /** Keeps the token over visits, or forgets what is kept. @returns whether this browser keeps it */
  keep(isWanted: boolean): Promise<boolean>;
  /** Whether there is one, kept or not. */
  isThere(): boolean;
}

export function hubAccess(models: Pick<ModelStore, "hub" | "useToken">, tokens: Tokens = indexedTokens("onestroke-token")): HubAccess {
  // What is no hub's address is refused when it is asked (client/model-store.ts), and the page goes on.
  const hub = hubOrigin(models.hub) ?? models.hub;
  let token: string | undefined;
  let isWanted = false;

  const write = async (): Promise<boolean> => {
    try {
      await (isWanted && token !== undefined ? tokens.set(hub, token) : tokens.delete(hub));
    } catch {
      // A browser that keeps nothing does not keep this either.
      isWanted = false;
    }
    return isWanted;
  };

  return {
    restore: async () => {
      const kept = await tokens.get(hub).catch(() => undefined);
      if (kept === undefined || token !== undefined) return isWanted;
      [token, isWanted] = [kept, true];
      models.useToken(token);
      return isWanted;
    },
    use: async (typed) => {
      token = typed === "" ? undefined : typed;
      models.useToken(token);
      return isWanted ? write() : false;
    },
    keep: async (wanted) => {
      isWanted = wanted;
      return write();
    },
    isThere: () => token !== undefined,
  };
}

function indexedTokens(name: string): Tokens {
  // It is opened when it is first needed.
  let opened: ReturnType<typeof createStore> | undefined;
  const store = () => (opened ??= createStore(name, "tokens"));
  return {
    get: async (hub) => get<string>(hub, store()),
    set: async (hub, token) => set(hub, token, store()),
    delete: async (hub) => del(hub, store()),
  };
}
