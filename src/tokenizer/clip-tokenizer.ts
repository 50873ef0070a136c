// CLIP's byte-pair tokenizer: it turns a text into a fixed number of ids, with begin and end marks and padding.
// The merging itself is done by @huggingface/tokenizers; this file adds what CLIP checkpoints need: two file
// forms, added tokens, the pad token of the repository, and truncation that keeps the end token.
import { Tokenizer } from "@huggingface/tokenizers";
import type { ByteStore } from "../checkpoints/byte-source";
import { Fields, isJsonObject, type JsonObject } from "../common/json";
import { readJson, readText } from "../checkpoints/read-file";
import { tokenizerFiles } from "../checkpoints/tokenizer-files";
import { OnestrokeError } from "../common/errors";
import { addedTokens, tokenId, type AddedToken } from "./added-tokens";
import { tokenizerJsonFromMerges } from "./clip-definition";
import { mendText } from "./mend/mend-text";
import { checkPatterns } from "./pattern-budget";

export interface ClipTokenizer {
  /** Ids in one row: 77 for every published CLIP. */
  readonly maxLength: number;
  readonly beginId: number;
  readonly endId: number;
  readonly padId: number;
  /** Every id is smaller than this. */
  readonly vocabularySize: number;
  /** Number of tokens of the text alone, without begin, end and padding. */
  count(text: string): number;
  /** [maxLength] ids. What does not fit is cut, but the end token stays. */
  encode(text: string): Int32Array<ArrayBuffer>;
  /** The ids of the text alone, however many there are. */
  tokens(text: string): readonly number[];
  /** [maxLength]: ids between begin and end, with padding after them. What does not fit is cut. */
  row(content: readonly number[]): Int32Array<ArrayBuffer>;
}

const DEFAULT_MAX_LENGTH = 77;
/** The begin token, one token of text, and the end token. */
const MIN_LENGTH = 3;
/** transformers writes 1e30 for "no limit". */
const MAX_PLAUSIBLE_LENGTH = 4096;

/** How a text is read: mended first, as CLIP's own tokenizer does, or unchanged, as transformers' does. */
export type Reading = "mended" | "as it stands";

/**
 * Opens `folder` of a checkpoint: `tokenizer.json`, or `vocab.json` with `merges.txt`; the special tokens of
 * `tokenizer_config.json` and `special_tokens_map.json`; and tokens that were added to the vocabulary.
 * @throws OnestrokeError `model-missing`, `model-corrupt`, `model-unsupported`
 */
export async function openClipTokenizer(
  store: ByteStore,
  folder: string,
  signal?: AbortSignal,
  reading: Reading = "mended",
): Promise<ClipTokenizer> {
  const files = await tokenizerFiles(store, folder, signal);
  const optional = async (path: string | undefined): Promise<JsonObject> => (path === undefined ? {} : readJson(store, path, signal));
  const config = await optional(files.config);
  const special = await optional(files.special);
  const definition =
    "json" in files.definition
      ? await readJson(store, files.definition.json, signal)
      : tokenizerJsonFromMerges(
          await readJson(store, files.definition.vocabulary, signal),
          await readText(store, files.definition.merges, signal),
        );
  const where = `${store.name}/${folder}`;
  const all = { ...config, ...special };
  const added_tokens = addedTokens(definition, all, await optional(files.added), where);
  const tokenizer = clipTokenizer({ ...definition, added_tokens }, all, where);
  return reading === "mended" ? mending(tokenizer) : tokenizer;
}

function mending(tokenizer: ClipTokenizer): ClipTokenizer {
  return {
    ...tokenizer,
    count: (text) => tokenizer.count(mendText(text)),
    encode: (text) => tokenizer.encode(mendText(text)),
    tokens: (text) => tokenizer.tokens(mendText(text)),
  };
}

/**
 * @param definition contents of a `tokenizer.json`
 * @param config `bos_token`, `eos_token`, `pad_token`, `model_max_length`; CLIP's values where they are absent
 */
export function clipTokenizer(definition: JsonObject, config: JsonObject, where: string): ClipTokenizer {
  const begin = tokenContent(config, "bos_token") ?? "<|startoftext|>";
  const end = tokenContent(config, "eos_token") ?? "<|endoftext|>";
  const pad = tokenContent(config, "pad_token") ?? end;
  const ids = vocabularyIds(definition, where);
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id === undefined) throw new OnestrokeError("model-corrupt", `${where}: the vocabulary has no "${token}"`, { file: where });
    return id;
  };
  const [beginId, endId, padId] = [idOf(begin), idOf(end), idOf(pad)];
  const marks = padIsSpecial(definition, config, pad) ? [begin, end, pad] : [begin, end];
  const special = marks.map((content): AddedToken => ({
    id: idOf(content),
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  }));
  checkPatterns(definition, where);
  const tokenizer = supported(
    where,
    () => new Tokenizer({ ...definition, added_tokens: withSpecial(definition["added_tokens"], special) }, config),
  );
  const maxLength = rowLength(new Fields(config, where));
  const tokens = (text: string): readonly number[] => {
    const found = supported(where, () => tokenizer.encode(text.toWellFormed(), { add_special_tokens: false }).ids);
    // Where the vocabulary lacks a piece of the text, and has no token for that.
    if (!found.every(Number.isInteger))
      throw new OnestrokeError("model-corrupt", `${where}: the vocabulary has no id for a part of the text`, { file: where });
    return found;
  };

  const row = (content: readonly number[]): Int32Array<ArrayBuffer> => {
    const out = new Int32Array(maxLength).fill(padId);
    out.set([beginId, ...content.slice(0, maxLength - 2), endId]);
    return out;
  };
  return {
    maxLength,
    beginId,
    endId,
    padId,
    vocabularySize: 1 + [...ids.values()].reduce((largest, id) => Math.max(largest, id), 0),
    count: (text) => tokens(text).length,
    encode: (text) => row(tokens(text)),
    tokens,
    row,
  };
}

function rowLength(config: Fields): number {
  const length = config.optionalNumber("model_max_length", [MIN_LENGTH, Number.POSITIVE_INFINITY]) ?? DEFAULT_MAX_LENGTH;
  if (length > MAX_PLAUSIBLE_LENGTH) return DEFAULT_MAX_LENGTH;
  if (!Number.isInteger(length)) throw config.unsupported("model_max_length", `is ${length}, which is not the length of a row of tokens`);
  return length;
}

/** A token is written as a string, or as an object with its `content`. */
function tokenContent(config: JsonObject, name: string): string | undefined {
  const value = config[name];
  if (typeof value === "string") return value;
  return isJsonObject(value) && typeof value["content"] === "string" ? value["content"] : undefined;
}

/**
 * Whether "!" in a text becomes the pad token, if "!" is the pad token. Up to transformers 4 every special token
 * was recognised wherever it stood; version 5, which writes `backend`, lists the tokens that are.
 */
function padIsSpecial(definition: JsonObject, config: JsonObject, pad: string): boolean {
  if (config["backend"] === undefined || isJsonObject(config["pad_token"])) return true;
  const added: readonly unknown[] = Array.isArray(definition["added_tokens"]) ? definition["added_tokens"] : [];
  const decoder = isJsonObject(config["added_tokens_decoder"]) ? Object.values(config["added_tokens_decoder"]) : [];
  return [...added, ...decoder].some((token) => isJsonObject(token) && token["content"] === pad);
}

/** Special tokens of the repository take precedence over those of the file. */
function withSpecial(stored: unknown, special: readonly { readonly content: string }[]): readonly unknown[] {
  const kept: readonly unknown[] = Array.isArray(stored) ? stored : [];
  const contents = new Set<unknown>(special.map((token) => token.content));
  const unique = special.filter((token, i) => special.findIndex((other) => other.content === token.content) === i);
  return [...kept.filter((token) => !(isJsonObject(token) && contents.has(token["content"]))), ...unique];
}

/** Ids of the vocabulary and of added tokens. If both have a token, the vocabulary's id counts. */
function vocabularyIds(definition: JsonObject, where: string): ReadonlyMap<string, number> {
  const vocabulary = new Fields(definition, where).requiredObject("model").requiredObject("vocab").object;
  const added: readonly unknown[] = Array.isArray(definition["added_tokens"]) ? definition["added_tokens"] : [];
  const ids = new Map<string, number>();
  for (const token of added)
    if (isJsonObject(token)) ids.set(String(token["content"]), tokenId(String(token["content"]), token["id"], where));
  for (const [token, id] of Object.entries(vocabulary)) ids.set(token, tokenId(token, id, where));
  return ids;
}

/** Runs the library, which has errors of its own for what it does not know, some of them when it reads the first text. */
function supported<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new OnestrokeError("model-unsupported", `${where}: this kind of tokenizer is not supported`, { file: where }, cause);
  }
}
