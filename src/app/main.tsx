// The page's script. It makes the generator, the app and the root that React draws into.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createGenerator, createModelStore } from "../library";
import { invariant } from "../common/errors";
import { linkOfShare } from "../common/shared-text";
import { DOCTOR } from "./doctor/doctor-control";
import { linkOfDraft } from "./draft";
import { fetchKnownWords } from "./known-words";
import { browserQuickestEngines } from "./engines/quickest";
import { browserKeeping } from "./gallery/gallery";
import { keepFocus } from "./keep-focus";
import { listenToKeys } from "./keys/listen";
import { sightOfPage } from "./live/live";
import { browserKeptNumbers } from "./numbers/kept-numbers";
import { receiveLaunches } from "./launches";
import { Page } from "./page";
import { createApp } from "./store";
import "./styles/base.css";
import { reloadWhereReplaced } from "./replaced-page";
import { createStartPictures } from "./start/pictures";
import { restoreTheme } from "./theme";
import { keepUpToDate } from "./update";
import { AppContext } from "./use-app";

restoreTheme();

// Where no service worker has answered it.
history.replaceState(null, "", linkOfShare(new URL(location.href)) ?? location.href);

const isDoctor = (): boolean => location.hash === `#${DOCTOR}`;
const startsWithDoctor = isDoctor();

// Settings stand after the `#`, so they are never sent to the server of the page.
const keepQuery = (query: string): void => {
  // Each picture is a step back for the browser's button, but the first picture and one drawn again are none.
  // Under the doctor the address is the doctor's, and takes on what the controls say when that is closed.
  if (isDoctor()) return;
  if (location.hash === "" || location.hash === `#${query}`) history.replaceState(null, "", `#${query}`);
  else history.pushState(null, "", `#${query}`);
};
/** A host with a hub of its own writes its address there, and those of its mirrors behind it. */
const [hub, ...mirrors] = document.querySelector<HTMLMetaElement>("meta[name=onestroke-hub]")?.content.split(/\s+/).filter(Boolean) ?? [];
const modelsRoot = new URL("models/", document.baseURI);
const numbers = browserKeptNumbers();
const models = createModelStore(hub === undefined ? {} : { hub, mirrors });
const keep = browserKeeping();
const starts = createStartPictures(keep.shelf);
const app = createApp(
  createGenerator({
    modelsRoot,
    whenBusy: "replace",
    filesOf: (model) => models.handOver(model),
    loraOf: (name) => models.loraOf(name),
    numbersOf: (model) => numbers.of(model),
    pictureOf: (recipe) => starts.pictureOf(recipe),
  }),
  models,
  startsWithDoctor ? "" : location.hash.slice(1),
  keepQuery,
  {
    readKnownWords: (model) => fetchKnownWords(model, modelsRoot),
    keep,
    quickest: browserQuickestEngines(),
    numbers,
    sight: sightOfPage(),
    starts,
  },
);

const root = document.getElementById("root");
invariant(root !== null, "index.html has a root");
createRoot(root).render(
  <StrictMode>
    <AppContext value={app}>
      <Page />
    </AppContext>
  </StrictMode>,
);
void app.start();
if (startsWithDoctor) app.openDoctor();
app.store.subscribe(({ doctor, draft }, before) => {
  if (before.doctor.isOpen && !doctor.isOpen && isDoctor()) history.replaceState(null, "", `#${linkOfDraft(draft) ?? ""}`);
});

function beginAnew(): void {
  app.keepDraft();
  location.reload();
}
reloadWhereReplaced(app.store, beginAnew);
receiveLaunches(app);
listenToKeys(app);
keepFocus();
// The dev server has neither a service worker nor versions.
if (import.meta.env.PROD) keepUpToDate(app.store, beginAnew);
