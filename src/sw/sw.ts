// The service worker: keeps the page's own files, so that it opens without a network, and gives them the policy of common/policy.ts, for
// hosts that send no headers. Models never pass through it, nor ONNX Runtime's WASM: the worker that reads them keeps them.
// A new version waits until the page says so (app/update.ts).
import { addPlugins, cleanupOutdatedCaches, precacheAndRoute, type PrecacheEntry } from "workbox-precaching";
import { removeOldRuntimes } from "../common/kept-runtime";
import { securityHeaders } from "../common/policy";
import { linkOfShare } from "../common/shared-text";

declare const self: ServiceWorkerGlobalScope & {
  /** The build puts the list of files here. */
  readonly __WB_MANIFEST: readonly (PrecacheEntry | string)[];
};

const headers = securityHeaders(import.meta.env["VITE_MODEL_ORIGINS"]);

self.addEventListener("message", ({ data }) => {
  if (data === "skip-waiting") void self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  // The first visit is served too, and pages of an older version are told that there is a new one.
  event.waitUntil(Promise.all([self.clients.claim(), removeOldRuntimes(self.caches)]));
});

self.addEventListener("fetch", (event) => {
  const shared = event.request.mode === "navigate" ? linkOfShare(new URL(event.request.url)) : undefined;
  if (shared === undefined) return;
  event.stopImmediatePropagation();
  event.respondWith(Response.redirect(shared, 303));
});

addPlugins([{ handlerWillRespond: async ({ response }) => withPolicy(response) }]);
precacheAndRoute([...self.__WB_MANIFEST], {
  directoryIndex: "index.html",
  cleanURLs: false,
  // The page's settings are after the `#`. Whatever somebody adds before it, it is the same page.
  ignoreURLParametersMatching: [/./],
});
cleanupOutdatedCaches();

function withPolicy(response: Response): Response {
  const copy = new Response(response.body, response);
  for (const [name, value] of Object.entries(headers)) copy.headers.set(name, value);
  return copy;
}
