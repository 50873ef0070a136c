// Which files of a tokenizer's folder are read. The tokenizer opens them; a download plan lists them, without reading
// a vocabulary of megabytes.
import type { ByteStore } from "./byte-source";

/** Paths in the store. */
export interface TokenizerFiles {
  readonly config: string | undefined;
  readonly special: string | undefined;
  readonly added: string | undefined;
  readonly definition: { readonly json: string } | { readonly vocabulary: string; readonly merges: string };
}

/** @param folder "" is the store's root. Files without which there is no tokenizer are named whether they exist or not. */
export async function tokenizerFiles(store: ByteStore, folder: string, signal?: AbortSignal): Promise<TokenizerFiles> {
  const path = (file: string): string => (folder === "" ? file : `${folder}/${file}`);
  const optional = async (file: string): Promise<string | undefined> => ((await store.exists(path(file), signal)) ? path(file) : undefined);
  const json = await optional("tokenizer.json");
  return {
    config: await optional("tokenizer_config.json"),
    special: await optional("special_tokens_map.json"),
    added: await optional("added_tokens.json"),
    definition: json === undefined ? { vocabulary: path("vocab.json"), merges: path("merges.txt") } : { json },
  };
}

/** The paths alone. */
export function tokenizerPaths({ config, special, added, definition }: TokenizerFiles): readonly string[] {
  return [config, special, added, ...Object.values(definition)].filter((path) => path !== undefined);
}
