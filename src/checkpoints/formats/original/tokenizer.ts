// CLIP's tokenizer for a checkpoint in one file, which holds none: where it is found, and with which settings it is read.
import type { RepositoryAt } from "../../../catalogue/entry";
import { OnestrokeError } from "../../../common/errors";
import type { JsonObject } from "../../../common/json";
import type { ByteStore } from "../../byte-source";
import type { Component } from "../../manifest";
import { overlaid } from "../../overlaid";
import { firstExisting } from "../../read-file";
import { lacking } from "./lacking";

/** A folder of a store; "" is the root. */
export interface TokenizerFolder {
  readonly store: ByteStore;
  readonly folder: string;
}

/**
 * Where CLIP's vocabulary is: where a person says, else beside the file, else in the repository of its family.
 * @param where for messages
 * @throws OnestrokeError `model-missing` with what to do; `cancelled`
 */
export async function findTokenizer(
  { store, path, tokenizer }: { readonly store: ByteStore; readonly path: string; readonly tokenizer?: ByteStore | undefined },
  base: RepositoryAt,
  open: (at: RepositoryAt) => ByteStore,
  where: string,
  signal?: AbortSignal,
): Promise<TokenizerFolder> {
  const beside = path.split("/").slice(0, -1).join("/");
  try {
    const found =
      tokenizer === undefined
        ? ((await inOneOf(store, [beside, inFolder(beside, "tokenizer")], signal)) ?? (await inOneOf(open(base), ["tokenizer"], signal)))
        : await inOneOf(tokenizer, ["", "tokenizer"], signal);
    if (found !== undefined) return found;
    const name = tokenizer?.name ?? base.repository;
    throw new OnestrokeError("model-missing", `${name} has neither tokenizer.json nor vocab.json`);
  } catch (cause) {
    throw lacking(where, "tokenizer", base, cause);
  }
}

async function inOneOf(store: ByteStore, folders: readonly string[], signal?: AbortSignal): Promise<TokenizerFolder | undefined> {
  for (const folder of folders) {
    const files = ["tokenizer.json", "vocab.json"].map((name) => inFolder(folder, name));
    if ((await firstExisting(store, files, signal)) !== undefined) return { store, folder };
  }
  return undefined;
}

function inFolder(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** CLIP's tokenizer with the pad token of its place, whatever the vocabulary's own folder says. */
export function tokenizerComponent({ store, folder }: TokenizerFolder, pad: string): Component {
  // With `backend` the pad token is no mark that is looked for in texts, where "!" is an ordinary word.
  const config = { model_max_length: 77, bos_token: "<|startoftext|>", eos_token: "<|endoftext|>", pad_token: pad, backend: "tokenizers" };
  const settings = new Map<string, JsonObject>([
    [inFolder(folder, "tokenizer_config.json"), config],
    [inFolder(folder, "special_tokens_map.json"), {}],
  ]);
  return { className: "CLIPTokenizer", store: overlaid(store, settings), folder, files: [], config };
}
