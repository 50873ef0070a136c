// The page around it: the models of this browser, and the worker that loads one.
import { createModelStore } from "../../../client/model-store";
import type { DownloadPlan } from "../../../common/download";
import type { LoaderAnswer, LoaderCall } from "./loader";

const store = createModelStore();
const loader = new Worker(new URL("./loader.ts", import.meta.url), { type: "module" });

/** The longest task of this thread so far, in milliseconds; the browser tells only of those over 50. */
let longestTaskMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longestTaskMs = Math.max(longestTaskMs, duration);
}).observe({ type: "longtask" });

const page = { fetch: (plan: DownloadPlan) => store.fetch(plan), list: () => store.list(), ask, longestTaskMs: () => longestTaskMs };

declare global {
  var loadingPage: typeof page;
}

globalThis.loadingPage = page;

function ask(call: LoaderCall): Promise<LoaderAnswer> {
  return new Promise((resolve) => {
    loader.addEventListener("message", (event: MessageEvent<LoaderAnswer>) => resolve(event.data), { once: true });
    loader.postMessage(call);
  });
}
