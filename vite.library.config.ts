// The library's build: modules with relative addresses, and the workers, WASM files and models beside them. It is no build of Vite's
// library mode, which would write those files into the modules as text.
import { defineConfig } from "vite";
import { embeddedModels } from "./src/shell/embedded-models.ts";
import { LIBRARY_ENTRIES, libraryPackage, WORKER_FILES } from "./src/shell/library-package.ts";

export default defineConfig({
  base: "./",
  // Icons and pictures are the page's.
  publicDir: false,
  plugins: [embeddedModels(), libraryPackage()],
  // Pages that have a bundler of their own serve the workers as they are, so their names stay.
  worker: { format: "es", rolldownOptions: { output: { entryFileNames: ({ name }) => WORKER_FILES[name] ?? "assets/[name]-[hash].js" } } },
  build: {
    target: "es2023",
    outDir: "dist-library",
    modulePreload: false,
    rolldownOptions: {
      input: LIBRARY_ENTRIES,
      preserveEntrySignatures: "exports-only",
      output: { entryFileNames: "[name].js" },
    },
  },
});
