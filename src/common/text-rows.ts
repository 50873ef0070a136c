// When a recipe says how many rows of tokens its texts fill: only where one needs more than are read without a word, so that recipes of
// short texts say nothing of rows.
import type { TextLengths } from "./drawing";
import type { Recipe } from "./recipe";

/** Tokens in a row of the encoder of every published model. */
const LEAST_ROW = 75;

/** Rows that a text with weights may fill where its recipe says nothing of rows, because BREAK asks for further ones. */
export const EMPHASISED_ROWS = 4;

/**
 * A token holds a byte at least, and a row holds 75 tokens: texts of so few bytes, with few BREAKs in them, need no count before they are
 * drawn.
 */
export function mayBeLong({ prompt, negative }: Pick<Recipe, "prompt" | "negative">): boolean {
  const bytes = new TextEncoder();
  const isLong = (text: string): boolean => text.length > LEAST_ROW || bytes.encode(text).byteLength > LEAST_ROW;
  return [prompt, negative].some((text) => isLong(text) || text.split("BREAK").length > EMPHASISED_ROWS);
}

/**
 * @param lengths undefined where nobody has counted them
 * @param isSteered whether the negative text is read too
 */
export function neededRows(lengths: TextLengths | undefined, isSteered: boolean): number | undefined {
  if (lengths === undefined) return undefined;
  const read = isSteered ? [lengths.prompt, lengths.negative] : [lengths.prompt];
  const rows = Math.max(...read.map((length) => length.rows));
  return rows > EMPHASISED_ROWS || read.some(({ isLong }) => isLong) ? rows : undefined;
}
