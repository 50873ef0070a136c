// The page's script: one generator, one app, one root.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createGenerator } from "../client/generator";
import { invariant } from "../common/errors";
import { fetchKnownWords } from "./known-words";
import { Page } from "./page";
import { createApp } from "./store";
import "./styles/base.css";
import { restoreTheme } from "./theme";
import { AppContext } from "./use-app";

restoreTheme();

// Settings live after the `#`: they are never sent to the server that serves the page.
const keepQuery = (query: string): void => history.replaceState(null, "", `#${query}`);
const modelsRoot = new URL("models/", document.baseURI);
const app = createApp(createGenerator({ modelsRoot, whenBusy: "replace" }), location.hash.slice(1), keepQuery, (model) =>
  fetchKnownWords(model, modelsRoot),
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
