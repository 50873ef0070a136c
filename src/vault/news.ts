// What the vaults of one storage tell each other, across workers and tabs: that a file of a model is whole, or more of it here, and how far
// its download has come. Nothing is true because of it: whoever hears of a file looks into the journal, and without news would have to look
// again and again.
import { isJsonObject } from "../common/json";

export interface VaultNews {
  readonly model: string;
  /** The `fileName` of a file that is whole now. */
  readonly whole?: string;
  /** The `fileName` of a file of which another chunk is kept. */
  readonly part?: string;
  /** How much of the model is here. */
  readonly bytes?: { readonly here: number; readonly total: number };
}

export interface NewsChannel {
  tell(news: VaultNews): void;
  /** @returns ends it */
  listen(listener: (news: VaultNews) => void): () => void;
}

/** @param name of the channel, which all workers and tabs of the site share */
export function broadcastNews(name: string): NewsChannel {
  // It is opened with the first news, so that a vault that is only read from holds nothing open.
  let out: BroadcastChannel | undefined;
  return {
    tell: (news) => (out ??= new BroadcastChannel(name)).postMessage(news),
    listen: (listener) => {
      const channel = new BroadcastChannel(name);
      channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
        const news = parseNews(data);
        if (news !== undefined) listener(news);
      });
      return () => channel.close();
    },
  };
}

/** News of one vault in one worker. */
export function memoryNews(): NewsChannel {
  const listeners = new Set<(news: VaultNews) => void>();
  return {
    tell: (news) => {
      for (const listener of listeners) listener(news);
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/**
 * Another tab may run another version of the page. What it says in other words is not understood, and the locks still tell how it ended.
 */
function parseNews(value: unknown): VaultNews | undefined {
  if (!isJsonObject(value)) return undefined;
  const { model, whole, part, bytes } = value;
  if (typeof model !== "string") return undefined;
  const [here, total] = isJsonObject(bytes) ? [bytes["here"], bytes["total"]] : [];
  return {
    model,
    ...(typeof whole === "string" ? { whole } : {}),
    ...(typeof part === "string" ? { part } : {}),
    ...(typeof here === "number" && typeof total === "number" ? { bytes: { here, total } } : {}),
  };
}
