// A new version may replace the page's files on its host while an old page is open, and then a script that the old page asks for late is gone.
// Such a page loads itself again, once; where the page has not been replaced, the failure is what it is, and is shown.
import type { AppStore } from "./state";

/** Where the tab keeps which page it has left. */
const KEY = "onestroke-left";

/** @param beginAnew loads the page again, with what the controls say */
export function reloadWhereReplaced(store: AppStore, beginAnew: () => void): void {
  const script = document.querySelector<HTMLScriptElement>("script[type=module][src]")?.src ?? "";
  // Scripts are named by their contents.
  const name = script.slice(script.lastIndexOf("/") + 1);
  const check = (): void => void isReplaced(name).then((answer) => answer && isFirstTime(name) && beginAnew());
  // A script of the page itself. One of a worker ends in an error of the worker's.
  addEventListener("vite:preloadError", check);
  store.subscribe(({ error }, before) => {
    if (error !== before.error && error?.code === "worker-died") check();
  });
}

/** Whether the page's address now gives a page with another script. */
async function isReplaced(name: string): Promise<boolean> {
  try {
    const response = await fetch(new URL("./", document.baseURI), { cache: "no-cache" });
    const isPage = response.ok && response.headers.get("content-type")?.startsWith("text/html") === true;
    return isPage && !(await response.text()).includes(name);
  } catch {
    return false;
  }
}

/** A page that comes back as it was, from some cache, must not load itself for ever. */
function isFirstTime(name: string): boolean {
  try {
    const isFirst = sessionStorage.getItem(KEY) !== name;
    sessionStorage.setItem(KEY, name);
    return isFirst;
  } catch {
    return false;
  }
}
