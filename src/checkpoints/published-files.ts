// Lists the files of a model that ships with the app, as its catalogue entry wants them. It is for the command that writes the entry, and
// for the test that holds the entry to the files. Browser code must not import this.
import { readdir } from "node:fs/promises";
import type { PublishedFile } from "../catalogue/components";
import { sha256Of } from "./check-files";
import { nodeStore } from "./node-file";

/** The index, and every file in the folder of a component. What else lies beside them is about the model and not of it. */
const IS_READ = /^model_index\.json$|\//;

/** @param folder absolute or relative to the working directory */
export async function publishedFiles(folder: string): Promise<readonly PublishedFile[]> {
  const store = nodeStore(folder);
  const files: PublishedFile[] = [];
  for (const path of (await readdir(folder, { recursive: true })).map((name) => name.replaceAll("\\", "/")).toSorted()) {
    if (!IS_READ.test(path) || !(await store.exists(path))) continue;
    const source = await store.open(path);
    files.push({ path, byteLength: source.size, sha256: await sha256Of(source) });
  }
  return files;
}
