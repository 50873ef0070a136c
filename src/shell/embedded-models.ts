// A Vite plugin that copies the models that ship with a build beside it, unchanged: they are never hashed and never bundled. The dev
// server serves them from the repository.
import { cpSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Plugin } from "vite";

const EMBEDDED_MODELS = ["models/vignette"];

export function embeddedModels(): Plugin {
  let outDir = "";
  return {
    name: "onestroke-embedded-models",
    apply: "build",
    configResolved({ root, build }) {
      outDir = resolve(root, build.outDir);
    },
    writeBundle() {
      for (const folder of EMBEDDED_MODELS) {
        // Pictures and documents about a model stay in the repository.
        cpSync(folder, join(outDir, folder), { recursive: true, filter: (path) => !/\.(md|png|jpg|webp)$/.test(basename(path)) });
      }
    },
  };
}
