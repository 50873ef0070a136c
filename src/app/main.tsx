// The page's script: one generator, one app, one root.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createGenerator } from "../client/generator";
import { invariant } from "../common/errors";
import { Page } from "./page";
import { createApp } from "./store";
import "./styles/base.css";
import { restoreTheme } from "./theme";
import { AppContext } from "./use-app";

restoreTheme();

// Settings live after the `#`: they are never sent to the server that serves the page.
const app = createApp(createGenerator({ whenBusy: "replace" }), location.hash.slice(1), (query) =>
  history.replaceState(null, "", `#${query}`),
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
