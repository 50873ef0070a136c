// Whole small files of a store: configs, vocabularies, indexes.
import { OnestrokeError } from "../common/errors";
import type { ByteStore } from "./byte-source";
import { foreignBytes, foreignError, foreignJson, foreignText } from "./foreign-file";
import { parseJsonObject, type JsonObject } from "../common/json";

/** The largest text that is read from a checkpoint. The tokenizer.json of a large vocabulary has 20 MB. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;

/** @throws OnestrokeError `model-missing`; `model-corrupt` when it is not UTF-8 or absurdly long; those of foreign-file.ts */
export async function readText(store: ByteStore, path: string, signal?: AbortSignal): Promise<string> {
  const source = await store.open(path, signal);
  if (source.size > MAX_TEXT_BYTES) {
    throw new OnestrokeError("model-corrupt", `${source.name} is ${source.size} bytes long`, { file: source.name });
  }
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes, signal);
  const text = decodeText(bytes, source.name);
  const foreign = foreignText(text.slice(0, 512));
  if (foreign !== undefined) throw foreignError(source.name, foreign);
  return text;
}

/**
 * Decodes UTF-8, or UTF-16 after its byte order mark, as some Windows editors and shells write it. The mark is not part of the text.
 * @throws OnestrokeError `model-corrupt`
 */
export function decodeText(bytes: Uint8Array, where: string): string {
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    const foreign = foreignBytes(bytes);
    if (foreign !== undefined) throw foreignError(where, foreign);
    throw new OnestrokeError("model-corrupt", `${where} is not UTF-8 text`, { file: where }, cause);
  }
}

export async function readJson(store: ByteStore, path: string, signal?: AbortSignal): Promise<JsonObject> {
  const text = await readText(store, path, signal);
  const foreign = foreignJson(text);
  if (foreign !== undefined) throw foreignError(`${store.name}/${path}`, foreign);
  return parseJsonObject(text, `${store.name}/${path}`);
}

/** The first of several files that exists, or undefined. */
export async function firstExisting(store: ByteStore, paths: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
  for (const path of paths) if (await store.exists(path, signal)) return path;
  return undefined;
}
