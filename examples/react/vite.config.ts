// A bundler would tear the library's workers from their chunks, so its files are served beside the page as they are (main.tsx says where).
// In a project of your own, `onestroke` is a dependency (`"onestroke": "file:../onestroke/dist-library"`) and needs no alias.
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const LIBRARY = resolve(process.env["ONESTROKE"] ?? "../../dist-library");
let outDir = "";

export default defineConfig({
  base: "./",
  resolve: {
    alias: [
      { find: "onestroke/element", replacement: join(LIBRARY, "element.js") },
      { find: /^onestroke$/, replacement: join(LIBRARY, "onestroke.js") },
    ],
  },
  plugins: [
    react(),
    {
      name: "onestroke-files",
      configResolved: ({ root, build }) => void (outDir = resolve(root, build.outDir)),
      writeBundle() {
        cpSync(LIBRARY, join(outDir, "onestroke"), { recursive: true });
      },
    },
  ],
});
