// Finds the words of a text that a model was never taught, by the list beside the model's files. A word on
// the list may still be misunderstood in some sentence, but a word that is not on it is never drawn.
import { catalogueEntry } from "../catalogue/entries";
import { normalisePrompt } from "../common/recipe";

/** They are in lower case. */
export type KnownWords = ReadonlySet<string>;

/** The list of a model that ships with the page and has one, read from its folder below `modelsRoot`. */
export async function fetchKnownWords(model: string, modelsRoot: URL): Promise<KnownWords | undefined> {
  const { words, base } = catalogueEntry(model) ?? {};
  if (words === undefined || base === undefined) return undefined;
  const response = await fetch(new URL(`${base.repository}/${words}`, modelsRoot));
  return response.ok ? parseKnownWords(await response.json()) : undefined;
}

function parseKnownWords(value: unknown): KnownWords | undefined {
  const isList = Array.isArray(value) && value.every((word) => typeof word === "string");
  return isList ? new Set(value) : undefined;
}

/** Letters of any script with what belongs to them, and apostrophes between them. */
const WORD = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*/gu;

/** The words of `text` that are not known, each once and as it is first written. Numbers do not count as words. */
export function unknownWords(text: string, known: KnownWords): readonly string[] {
  const written = new Map<string, string>();
  for (const [word] of normalisePrompt(text).normalize("NFKC").matchAll(WORD)) {
    const lower = word.toLowerCase();
    if (!written.has(lower)) written.set(lower, word);
  }
  return [...written].filter(([word]) => /\p{L}/u.test(word) && !formsOf(word).some((form) => known.has(form))).map(([, word]) => word);
}

/** A word counts as known in its singular, its plural and its possessive, whichever of them the list has. */
function formsOf(word: string): readonly string[] {
  const bare = word.replace(/['’]s$/, "");
  return [bare, `${bare}s`, bare.replace(/s$/, ""), bare.replace(/es$/, ""), bare.replace(/ies$/, "y")];
}
