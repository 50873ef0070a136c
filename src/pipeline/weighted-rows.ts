// A prompt with weights as rows of tokens, and the weights' effect on what a text encoder made of a row. Both follow the web UI of
// AUTOMATIC1111: the states of a token are multiplied by its weight, and then the whole row is scaled so that its mean is as before.
import type { TextLength } from "../common/drawing";
import type { Span } from "../common/emphasis";
import { MOST_TEXT_ROWS } from "../common/limits";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";
import type { TextRow } from "./engine";

export interface WeightedRow {
  /** [maxLength] */
  readonly ids: Int32Array;
  /** [maxLength]; absent where every weight is 1 */
  readonly weights?: Float32Array;
  /** Tokens that are words: those after the begin token. */
  readonly words: number;
}

interface Token {
  readonly id: number;
  readonly weight: number;
}

/** How a text is spread over rows. */
export interface RowRule {
  /** What does not fit into these is cut. */
  readonly maxRows: number;
  /** Whether a row that is full ends at its last comma if that is near, so that no phrase is torn. Otherwise it ends where it is full. */
  readonly endsAtCommas: boolean;
}

/** How far a full row goes back to a comma, in tokens: the web UI's own number. */
const MOST_BACK = 20;

/**
 * As many rows as the text needs, at least one and at most `maxRows`. Parts with different weights are split into tokens apart from each
 * other.
 */
export function weightedRows(tokenizer: RowTokenizer, spans: readonly Span[], rule: RowRule): readonly WeightedRow[] {
  const { rows } = spread(tokenizer, spans, rule.endsAtCommas);
  return rows.slice(0, rule.maxRows).map((tokens) => {
    const ids = tokenizer.row(tokens.map(({ id }) => id));
    const words = tokens.length;
    if (tokens.every(({ weight }) => weight === 1)) return { ids, words };
    const weights = new Float32Array(tokenizer.maxLength).fill(1);
    weights.set(
      tokens.map(({ weight }) => weight),
      1,
    );
    return { ids, weights, words };
  });
}

/** How long a text is, where full rows end at commas. */
export function textLength(tokenizer: RowTokenizer, spans: readonly Span[]): TextLength {
  const { rows, isLong } = spread(tokenizer, spans, true);
  const read = rows.slice(0, MOST_TEXT_ROWS);
  return {
    tokens: rows.reduce((sum, { length }) => sum + length, 0),
    rows: read.length,
    lastRow: read.at(-1)?.length ?? 0,
    perRow: capacityOf(tokenizer),
    isLong,
  };
}

/** How many tokens are read of a text that is cut; of one that is not, how many would fit. */
export function mostRead(tokenizer: RowTokenizer, spans: readonly Span[], { maxRows, endsAtCommas }: RowRule): number {
  const whole = maxRows * capacityOf(tokenizer);
  if (!endsAtCommas) return whole;
  const { rows } = spread(tokenizer, spans, endsAtCommas);
  return rows.length <= maxRows ? whole : rows.slice(0, maxRows).reduce((sum, { length }) => sum + length, 0);
}

type RowTokenizer = Pick<ClipTokenizer, "tokens" | "row" | "maxLength">;

/** A row has a begin token and an end token. */
function capacityOf({ maxLength }: RowTokenizer): number {
  return maxLength - 2;
}

/** All rows of a text, and whether one of them was full before the text was at its end. */
function spread(
  tokenizer: RowTokenizer,
  spans: readonly Span[],
  endsAtCommas: boolean,
): { readonly rows: readonly (readonly Token[])[]; readonly isLong: boolean } {
  const capacity = capacityOf(tokenizer);
  const [comma, ...more] = endsAtCommas ? tokenizer.tokens(",") : [];
  const isComma = ({ id }: Token): boolean => more.length === 0 && id === comma;
  let row: Token[] = [];
  const rows = [row];
  let isLong = false;
  for (const span of spans) {
    if (span === "break") {
      // A second one in a row begins nothing.
      if (row.length !== 0) rows.push((row = []));
      continue;
    }
    for (const id of tokenizer.tokens(span.text)) {
      const token = { id, weight: span.weight };
      if (row.length === capacity) {
        isLong = true;
        const begin = row.findLastIndex(isComma) + 1;
        // A comma that comes next still belongs to what it ends, though it begins the next row.
        const goesBack = begin > 0 && row.length - begin < MOST_BACK && !isComma(token);
        rows.push((row = goesBack ? row.splice(begin) : []));
      }
      row.push(token);
    }
  }
  if (rows.length > 1 && row.length === 0) rows.pop();
  return { rows, isLong };
}

/** @param row `hidden` is [tokens, channels]; the pooled embedding is not changed */
export function emphasised(row: TextRow, weights: Float32Array | undefined): TextRow {
  if (weights === undefined) return row;
  const hidden = row.hidden.map((value, i) => value * (weights[Math.floor(i / row.channels)] ?? 1));
  const [before, after] = [sum(row.hidden), sum(hidden)];
  // States of both signs can cancel out the mean, and then there is nothing to scale by.
  const scale = before / after;
  return { ...row, hidden: Number.isFinite(scale) ? hidden.map((value) => value * scale) : hidden };
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
