// The page's build. Addresses are relative (`base: "./"`), so the built folder works under
// any path. The second page is for frames in other people's pages.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { embeddedModels } from "./src/shell/embedded-models.ts";
import { headers } from "./src/shell/headers.ts";
import { pwa } from "./src/shell/pwa.ts";

export default defineConfig({
  base: "./",
  // A missing file is answered with 404 and not with the page, so that a model's reader can tell.
  appType: "mpa",
  plugins: [react(), embeddedModels(), headers(process.env["VITE_MODEL_ORIGINS"]), pwa(process.env["SITE"])],
  worker: { format: "es" },
  build: { target: "es2023", rolldownOptions: { input: ["index.html", "embed.html"] } },
});
