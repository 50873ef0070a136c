// The page's build. Addresses are relative (`base: "./"`), so the built folder works under
// any path. Model files are copied unchanged: they are never hashed and never bundled.
import { cpSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { headers } from "./src/shell/headers.ts";
import { pwa } from "./src/shell/pwa.ts";

/** The models that ship with the page. */
const EMBEDDED_MODELS = ["models/vignette"];

/** The dev server serves them from the repository; a build needs a copy beside the page. */
function embeddedModels(): Plugin {
  let outDir = "";
  return {
    name: "onestroke-embedded-models",
    apply: "build",
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    writeBundle() {
      for (const folder of EMBEDDED_MODELS) {
        // Pictures and documents about a model stay in the repository.
        cpSync(folder, join(outDir, folder), { recursive: true, filter: (path) => !/\.(md|png|jpg|webp)$/.test(basename(path)) });
      }
    },
  };
}

export default defineConfig({
  base: "./",
  // A missing file is answered with 404 and not with the page, so that a model's reader can tell.
  appType: "mpa",
  plugins: [react(), embeddedModels(), headers(process.env["VITE_MODEL_ORIGINS"]), pwa(process.env["SITE"])],
  worker: { format: "es" },
  build: { target: "es2023" },
});
