// Files whose hashes are known before they are read: those that ship with the app. A flipped byte in them is refused, and not drawn.
import type { PublishedFile } from "../catalogue/components";
import { OnestrokeError } from "../common/errors";
import type { ByteStore } from "./byte-source";

/** @throws OnestrokeError `model-corrupt` naming the first file that is not what was published; `model-missing` */
export async function checkFiles(store: ByteStore, files: readonly PublishedFile[], signal?: AbortSignal): Promise<void> {
  for (const { path, byteLength, sha256 } of files) {
    const source = await store.open(path, signal);
    if (source.size === byteLength && (await sha256Of(source, signal)) === sha256) continue;
    throw new OnestrokeError("model-corrupt", `${source.name} is not the file that was published`, { file: source.name });
  }
}

/** Of a file that fits into memory; lower-case hexadecimal. */
export async function sha256Of(source: Awaited<ReturnType<ByteStore["open"]>>, signal?: AbortSignal): Promise<string> {
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes, signal);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (value) => value.toString(16).padStart(2, "0")).join("");
}
