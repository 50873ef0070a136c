// When a recipe says how many rows of tokens its texts fill: only where one is longer than a row, so that recipes of short texts say nothing
// of rows.
import type { TextLengths } from "./drawing";
import type { Recipe } from "./recipe";

/** Tokens in a row of the encoder of every published model. */
const LEAST_ROW = 75;

/** A token holds a byte at least, and a row holds 75 tokens: texts of so few bytes need no count before they are drawn. */
export function mayBeLong({ prompt, negative }: Pick<Recipe, "prompt" | "negative">): boolean {
  const bytes = new TextEncoder();
  return [prompt, negative].some((text) => text.length > LEAST_ROW || bytes.encode(text).byteLength > LEAST_ROW);
}

/**
 * @param lengths undefined where nobody has counted them
 * @param isSteered whether the negative text is read too
 */
export function neededRows(lengths: TextLengths | undefined, isSteered: boolean): number | undefined {
  if (lengths === undefined) return undefined;
  const read = isSteered ? [lengths.prompt, lengths.negative] : [lengths.prompt];
  return read.some(({ isLong }) => isLong) ? Math.max(...read.map(({ rows }) => rows)) : undefined;
}
