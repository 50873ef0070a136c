// A text as what its encoders read: rows of tokens, and the words that count negatively. Those are read apart from the rest, because the
// tokens after a word speak of it too, and of them only the words themselves become keys: begin, end and padding hold no word.
import { parted, spansOf, type Emphasis, type Span } from "../common/emphasis";
import { MOST_TEXT_ROWS } from "../common/limits";
import { EMPHASISED_ROWS } from "../common/text-rows";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";
import { weightedRows, type RowRule, type WeightedRow } from "./weighted-rows";

/** How a recipe wants its texts read. */
export interface Reading {
  readonly emphasis: Emphasis | undefined;
  readonly rows: number | undefined;
  /** Whether nothing but words becomes keys, as VSF's authors have it for the negative. */
  readonly wordsOnly?: boolean;
}

/** A row that every encoder reads. */
export interface SplitRow {
  /** By encoder. Where another tokenizer needs more rows than one does, that one's further rows are empty texts. */
  readonly read: readonly WeightedRow[];
  /** Whether its words count, or count negatively. */
  readonly sign: 1 | -1;
  /** How many words become keys; undefined where all tokens do. */
  readonly words: number | undefined;
}

/** The rows of a text in the order in which their tokens become keys; there is at least one. */
export function splitText(tokenizers: readonly ClipTokenizer[], text: string, reading: Reading): readonly SplitRow[] {
  const { said, turned } = partedIn(text, reading.emphasis);
  const whole: RowRule = { maxRows: MOST_TEXT_ROWS, endsAtCommas: true };
  return [
    ...rowsOf(tokenizers, said, ruleFor(reading), 1, reading.wordsOnly ?? false),
    ...turned.flatMap((part) => rowsOf(tokenizers, part, whole, -1, true)),
  ];
}

/** What a text says in the rows that can be full; parts that count negatively take no room there. */
export function saidIn(text: string, emphasis: Emphasis | undefined): readonly Span[] {
  return partedIn(text, emphasis).said;
}

/** Published pipelines read one row and cut the rest; here each further row is encoded by itself, and its tokens follow. */
export function ruleFor({ emphasis, rows }: Reading): RowRule {
  if (rows !== undefined) return { maxRows: rows, endsAtCommas: true };
  return { maxRows: emphasis === undefined ? 1 : EMPHASISED_ROWS, endsAtCommas: false };
}

function partedIn(text: string, emphasis: Emphasis | undefined): ReturnType<typeof parted> {
  return parted(emphasis === undefined ? [{ text, weight: 1 }] : spansOf(text));
}

function rowsOf(
  tokenizers: readonly ClipTokenizer[],
  spans: readonly Span[],
  rule: RowRule,
  sign: 1 | -1,
  wordsOnly: boolean,
): readonly SplitRow[] {
  const each = tokenizers.map((tokenizer) => weightedRows(tokenizer, spans, rule));
  const empty = tokenizers.map((tokenizer) => ({ ids: tokenizer.encode(""), words: 0 }));
  return Array.from({ length: Math.max(0, ...each.map(({ length }) => length)) }, (_, row) => {
    const read = empty.map((none, encoder) => each[encoder]?.[row] ?? none);
    return { read, sign, words: wordsOnly ? Math.max(...read.map(({ words }) => words)) : undefined };
  });
}
