// `npm start`: from a fresh clone to the running app. It installs the packages if needed,
// builds the page and serves the build, as a visitor would get it: at HOST and PORT if they
// are set, else for this machine only. For work on the code itself there is `npm run dev`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePackages, requireNode, ROOT } from "./process.mjs";

requireNode();
ensurePackages();

// vite cannot be imported before this point.
const { build, preview } = await import("vite");
// Another one may be running in this folder, or its tests: each has a build of its own, for as long as it runs.
const outDir = mkdtempSync(join(tmpdir(), "onestroke-start-"));
process.once("exit", () => rmSync(outDir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit());
await build({ root: ROOT, logLevel: "warn", build: { outDir, emptyOutDir: true } });
const server = await preview({
  root: ROOT,
  build: { outDir },
  preview: { host: process.env["HOST"] ?? "localhost", port: Number(process.env["PORT"] ?? 4173), open: false },
});
const { local = [], network = [] } = server.resolvedUrls ?? {};
console.log(`\n  Onestroke is at ${[...local, ...network].join(" and ")}\n  Open it in a browser with WebGPU. Ctrl+C ends it.`);
if (network.length > 0)
  console.log("  On other machines browsers give WebGPU to https alone: through this address Vignette draws on WASM, slowly.");
console.log("");
