// What makes the build installable: the manifest, and the service worker with the list of files that it keeps.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PluginOption } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { MANIFEST } from "./manifest.ts";

/**
 * The app shell: all that the page needs to open, without models and ONNX Runtime's WASM. A model's list of words is part of it, because
 * the page reads that itself (app/known-words.ts) and says with it what it does not know; everything else of a model is the worker's.
 */
const SHELL = ["index.html", "icon.svg", "assets/*.{js,css}", "models/*/words.json"];

/** Files that are named by their contents. The others may be changed by a host on the way, as by minifying. */
const HASHED = /^assets\//;

/** The image worker's script, which is the largest file of the shell, has half of it. What is larger does not belong there, and fails the build. */
const MAX_FILE_BYTES = 2 ** 20;

/** @param site the page's absolute address, ending in a slash, for those who show its picture elsewhere; they read no relative ones */
export function pwa(site = "./"): PluginOption[] {
  let outDir = "";
  return [
    {
      name: "onestroke-shell",
      configResolved({ root, build }) {
        outDir = resolve(root, build.outDir);
      },
      transformIndexHtml: (html) => html.replaceAll("%SITE%", site),
    },
    VitePWA({
      strategies: "injectManifest",
      registerType: "prompt",
      // The page registers it, because the script's address must be a trusted one (app/update.ts).
      injectRegister: false,
      srcDir: "src/sw",
      filename: "sw.ts",
      manifest: MANIFEST,
      includeManifestIcons: false,
      injectManifest: {
        rollupFormat: "iife",
        globPatterns: SHELL,
        maximumFileSizeToCacheInBytes: MAX_FILE_BYTES,
        dontCacheBustURLsMatching: HASHED,
        manifestTransforms: [
          (entries) => ({
            manifest: entries.map((entry) =>
              HASHED.test(entry.url) ? { ...entry, integrity: integrity(join(outDir, entry.url)) } : entry,
            ),
          }),
        ],
      },
    }),
  ];
}

/** With it a log-in page, or a file of another version, is not kept in place of a script. */
const integrity = (path: string): string => `sha256-${createHash("sha256").update(readFileSync(path)).digest("base64")}`;
