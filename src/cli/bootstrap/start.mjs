// `npm start`: from a fresh clone to the running app. Installs the packages if needed,
// builds the page and serves the build, as a visitor would get it. For work on the code
// itself there is `npm run dev`.
import { ensurePackages, requireNode, ROOT } from "./process.mjs";

requireNode();
ensurePackages();

// Only now is there a vite to import.
const { build, preview } = await import("vite");
await build({ root: ROOT, logLevel: "warn" });
const server = await preview({ root: ROOT, preview: { port: Number(process.env["PORT"] ?? 4173), open: false } });
const [address] = server.resolvedUrls?.local ?? [];
console.log(`\n  Onestroke is at ${address}\n  Open it in a browser with WebGPU. Ctrl+C ends it.\n`);
