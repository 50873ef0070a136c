// The golden texts, which are files beside the kernels.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const KERNELS = fileURLToPath(new URL("../../engine/kernels", import.meta.url));

/** The texts by their path below `kernels/`. */
export function readGoldenFiles(): ReadonlyMap<string, string> {
  const paths = readdirSync(KERNELS, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".wgsl"));
  return new Map(paths.toSorted().map((path) => [path, readFileSync(join(KERNELS, path), "utf8")]));
}

/** Writes the texts, and removes files that no case uses any more. */
export function writeGoldenFiles(texts: ReadonlyMap<string, string>): void {
  for (const path of readGoldenFiles().keys()) if (!texts.has(path)) rmSync(join(KERNELS, path));
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(KERNELS, path)), { recursive: true });
    writeFileSync(join(KERNELS, path), text);
  }
}
