// The files of the embedded model, for both engines.
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { ByteStore } from "../../../checkpoints/byte-source";
import { memoryStore } from "../../../checkpoints/memory-source";

export const VIGNETTE_FOLDER = fileURLToPath(new URL("../../../../models/vignette", import.meta.url));

/** The embedded model's files, by their paths in its folder. */
export async function vignettePaths(): Promise<readonly string[]> {
  const entries = await readdir(VIGNETTE_FOLDER, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(VIGNETTE_FOLDER, join(entry.parentPath, entry.name)));
}

export async function vignetteInMemory(): Promise<ByteStore> {
  const paths = await vignettePaths();
  const files = await Promise.all(paths.map(async (path) => [path, await readFile(join(VIGNETTE_FOLDER, path))] as const));
  return memoryStore("vignette", new Map(files));
}
