// A Vite plugin that makes the library's build a package: other projects can depend on the folder as it is.
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

/** The entries, and the source that each is of. */
export const LIBRARY_ENTRIES = { onestroke: "src/library/index.ts", element: "src/element/define.ts" };

/** What the workers' scripts are called, by the names of their entries. Their chunks lie in `assets` beside them. */
export const WORKER_FILES: Readonly<Record<string, string>> = { entry: "image-worker.js", "storage-entry": "storage-worker.js" };

export function libraryPackage(): Plugin {
  return {
    name: "onestroke-library-package",
    generateBundle() {
      const { version, license, description }: Record<string, string> = JSON.parse(readFileSync("package.json", "utf8"));
      const entry = (name: string, source: string) => ({ types: `./types/${source}.d.ts`, default: `./${name}.js` });
      const contents = {
        name: "onestroke",
        version,
        description,
        license,
        type: "module",
        // Only this entry does something when it is loaded: it defines the element.
        sideEffects: ["./element.js"],
        exports: {
          ".": entry("onestroke", "library/index"),
          "./element": entry("element", "element/define"),
          "./*": "./*",
        },
      };
      this.emitFile({ type: "asset", fileName: "package.json", source: `${JSON.stringify(contents, undefined, 2)}\n` });
    },
  };
}
