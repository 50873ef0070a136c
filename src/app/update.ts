// Keeps the page up to date. A service worker (src/sw) keeps the page's files; a newer one waits until somebody agrees to begin anew, because
// changing to it takes away the files of the page that is open. Nothing is fetched for it while the page has something to do.
// Where there is no service worker the page works all the same, with a network.
import { ownScript } from "../common/own-script";
import { isAtRest, type AppStore } from "./state";

/** A page that stays open asks for a newer version when somebody comes back to it, but not more often than this. */
const CHECK_EVERY_MS = 60 * 60_000;

/** @param beginAnew loads the page again, with what the controls say */
export function keepUpToDate(store: AppStore, beginAnew: () => void, container = serviceWorkers()): void {
  if (container === undefined) return;
  // A browser that refuses it, as in some private windows, has no updates either.
  whenAtRest(store, () => void register(store, beginAnew, container).catch(() => undefined));
}

/** Not there in an insecure page, and throws in other pages' frames. */
function serviceWorkers(): ServiceWorkerContainer | undefined {
  try {
    return navigator.serviceWorker;
  } catch {
    return undefined;
  }
}

async function register(store: AppStore, beginAnew: () => void, container: ServiceWorkerContainer): Promise<void> {
  let isRestarting = false;
  // The first one of all takes over a page that came without it: that is no update.
  let isServed = container.controller !== null;
  container.addEventListener("controllerchange", () => {
    if (isRestarting) beginAnew();
    else if (isServed) store.setState({ update: { kind: "changed", restart: beginAnew } });
    isServed = true;
  });

  const scope = new URL("./", document.baseURI);
  const registration = await container.register(ownScript(new URL("sw.js", scope)), { scope: scope.pathname, updateViaCache: "none" });
  const restart = (): void => {
    isRestarting = true;
    const { waiting } = registration;
    // Another tab may have been quicker.
    if (waiting === null) beginAnew();
    else waiting.postMessage("skip-waiting");
  };
  const offer = (): void => {
    if (registration.waiting !== null && registration.active !== null) store.setState({ update: { kind: "waiting", restart } });
  };
  offer();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));

  let checkedAt = performance.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || performance.now() - checkedAt < CHECK_EVERY_MS || !isAtRest(store.getState())) return;
    checkedAt = performance.now();
    // Without a network there is nothing to ask.
    void registration.update().catch(() => undefined);
  });
}

function whenAtRest(store: AppStore, act: () => void): void {
  let isDone = false;
  // A model that was loaded is drawn with at once, and between the two the page is not at rest.
  const check = (): void => void setTimeout(actAtRest);
  const stop = store.subscribe(check);
  check();

  function actAtRest(): void {
    if (isDone || !isAtRest(store.getState())) return;
    isDone = true;
    stop();
    act();
  }
}
