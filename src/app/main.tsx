// The page's script. It makes the generator, the app and the root that React draws into.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createGenerator } from "../client/generator";
import { createModelStore } from "../client/model-store";
import { invariant } from "../common/errors";
import { fetchKnownWords } from "./known-words";
import { Page } from "./page";
import { createApp } from "./store";
import "./styles/base.css";
import { restoreTheme } from "./theme";
import { AppContext } from "./use-app";

restoreTheme();

// Settings stand after the `#`, so they are never sent to the server of the page.
const keepQuery = (query: string): void => {
  // Each picture is a step back for the browser's button, but the first picture and one drawn again are none.
  if (location.hash === "" || location.hash === `#${query}`) history.replaceState(null, "", `#${query}`);
  else history.pushState(null, "", `#${query}`);
};
const modelsRoot = new URL("models/", document.baseURI);
const app = createApp(
  createGenerator({ modelsRoot, whenBusy: "replace" }),
  createModelStore(),
  location.hash.slice(1),
  keepQuery,
  (model) => fetchKnownWords(model, modelsRoot),
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
addEventListener("hashchange", () => void app.follow(location.hash.slice(1)));
void app.start();
