// Tokens that were added to a vocabulary, such as a style or a toy that a model was taught by name. Three files may list them:
// `tokenizer.json` itself, `added_tokens_decoder` of `tokenizer_config.json`, and `added_tokens.json` of older checkpoints.
import { isIntegerWithin, isJsonObject, shown, type JsonObject, type Range } from "../common/json";
import { OnestrokeError } from "../common/errors";

/** An added token as `tokenizer.json` writes it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Whether it is looked for in the normalised text, which is in lower case, instead of the original text. */
  readonly normalized: boolean;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

/** The rows that an embedding may have. */
export const TOKEN_IDS: Range = [0, 2 ** 20];

const MOST_ADDED = 100_000;

/**
 * @param definition contents of a `tokenizer.json`
 * @param config contents of a `tokenizer_config.json`
 * @param older contents of an `added_tokens.json`: token to id
 * @returns each token once, as the first of those files that lists it describes it
 * @throws OnestrokeError `model-corrupt` naming the token
 */
export function addedTokens(definition: JsonObject, config: JsonObject, older: JsonObject, where: string): readonly AddedToken[] {
  const own: readonly unknown[] = Array.isArray(definition["added_tokens"]) ? definition["added_tokens"] : [];
  const decoder = Object.entries(isJsonObject(config["added_tokens_decoder"]) ? config["added_tokens_decoder"] : {});
  const listed = [
    ...own.map((token) => (isJsonObject(token) ? addedToken(token["content"], token["id"], token, where) : undefined)),
    ...decoder.map(([id, token]) => (isJsonObject(token) ? addedToken(token["content"], Number(id), token, where) : undefined)),
    ...Object.entries(older).map(([content, id]) => addedToken(content, id, { normalized: false }, where)),
  ];
  if (listed.length > MOST_ADDED) throw new OnestrokeError("model-corrupt", `${where}: ${listed.length} tokens are added`, { file: where });
  const tokens = new Map<string, AddedToken>();
  for (const token of listed) if (token !== undefined && !tokens.has(token.content)) tokens.set(token.content, token);
  return [...tokens.values()];
}

function addedToken(content: unknown, id: unknown, flags: JsonObject, where: string): AddedToken {
  if (typeof content !== "string" || content === "" || content.length > 256) {
    throw new OnestrokeError("model-corrupt", `${where}: an added token is ${shown(content)}, which is no text to look for`, {
      file: where,
    });
  }
  const special = flags["special"] === true;
  return {
    id: tokenId(content, id, where),
    content,
    special,
    normalized: typeof flags["normalized"] === "boolean" ? flags["normalized"] : !special,
    single_word: flags["single_word"] === true,
    lstrip: flags["lstrip"] === true,
    rstrip: flags["rstrip"] === true,
  };
}

/** @throws OnestrokeError `model-corrupt` naming the token */
export function tokenId(token: string, id: unknown, where: string): number {
  if (isIntegerWithin(id, TOKEN_IDS)) return id;
  throw new OnestrokeError("model-corrupt", `${where}: the id of "${token.slice(0, 80)}" is ${shown(id)}`, {
    file: where,
    token: token.slice(0, 80),
  });
}
