// The page around it: the models of this browser, and the worker that loads one.
import { createModelStore } from "../../../client/model-store";
import type { DownloadPlan } from "../../../common/download";
import type { LoaderAnswer, LoaderCall } from "./loader";

const store = createModelStore();
const loader = new Worker(new URL("./loader.ts", import.meta.url), { type: "module" });

const page = { fetch: (plan: DownloadPlan) => store.fetch(plan), list: () => store.list(), ask };

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
