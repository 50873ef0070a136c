// The page's side of a frame that draws: the frame's document is `embed.html`, on this origin or another.
import { parseAddress } from "../common/address";
import { OnestrokeError, throwIfCancelled } from "../common/errors";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";
import { greetingOf, type FrameAnswer, type FrameCall, type Reply } from "./messages";

export interface FramedHooks {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface FramedDrawing {
  readonly recipe: Recipe;
  /** PNG with the recipe in it. */
  readonly file: Blob;
}

export interface FramedGenerator {
  /**
   * A new drawing replaces one that is still being drawn.
   * @throws OnestrokeError `cancelled`, and whatever the frame says
   */
  generate(recipe: Recipe, hooks?: FramedHooks): Promise<FramedDrawing>;
  /** Closes the channel and rejects what is pending with `cancelled`. */
  dispose(): void;
}

interface Pending {
  readonly hooks: FramedHooks;
  readonly resolve: (drawing: FramedDrawing) => void;
  readonly reject: (error: OnestrokeError) => void;
}

/**
 * Waits for the frame's greeting, and rejects with `invalid-input` where its address is none. Call it before the frame is loaded, as before it is put into the page.
 * @param frame its address names this page's origin: `embed.html?origin=https://example.org`
 */
export function connectFrame(frame: HTMLIFrameElement, { signal }: { readonly signal?: AbortSignal } = {}): Promise<FramedGenerator> {
  return new Promise((resolve, reject) => {
    const { origin } = parseAddress(frame.src, document.baseURI, "src");
    const stop = new AbortController();
    const giveUp = (): void => {
      stop.abort();
      reject(new OnestrokeError("cancelled", "the frame is no longer waited for"));
    };
    if (signal?.aborted === true) return giveUp();
    signal?.addEventListener("abort", giveUp, { signal: stop.signal });
    const onMessage = (event: MessageEvent): void => {
      const greeting = event.source === frame.contentWindow && event.origin === origin ? greetingOf(event.data) : undefined;
      if (greeting === undefined) return;
      stop.abort();
      const { port1, port2 } = new MessageChannel();
      frame.contentWindow?.postMessage({ type: "onestroke-reply", nonce: greeting.nonce } satisfies Reply, origin, [port2]);
      resolve(generatorOver(port1));
    };
    window.addEventListener("message", onMessage, { signal: stop.signal });
  });
}

function generatorOver(port: MessagePort): FramedGenerator {
  const pending = new Map<number, Pending>();
  let last = 0;
  const post = (call: FrameCall): void => port.postMessage(call);
  port.addEventListener("message", ({ data }: MessageEvent<FrameAnswer>) => {
    const call = pending.get(data.id);
    if (call === undefined) return;
    if (data.type === "progress") return call.hooks.onProgress?.(data.progress);
    pending.delete(data.id);
    if (data.type === "drawn") call.resolve(data);
    else call.reject(OnestrokeError.fromWire(data.error));
  });
  port.start();
  return {
    generate: (recipe, hooks = {}) =>
      new Promise((resolve, reject) => {
        throwIfCancelled(hooks.signal);
        const id = ++last;
        pending.set(id, { hooks, resolve, reject });
        hooks.signal?.addEventListener("abort", () => pending.has(id) && post({ type: "cancel", id }), { once: true });
        post({ type: "draw", id, recipe });
      }),
    dispose() {
      port.close();
      for (const { reject } of pending.values()) reject(new OnestrokeError("cancelled", "the frame was let go of"));
      pending.clear();
    },
  };
}
