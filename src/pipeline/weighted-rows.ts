// A prompt with weights as rows of tokens, and the weights' effect on what a text encoder made of a row. Both follow the web UI of
// AUTOMATIC1111: the states of a token are multiplied by its weight, and then the whole row is scaled so that its mean is as before.
import type { Span } from "../common/emphasis";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";
import type { TextRow } from "./engine";

export interface WeightedRow {
  /** [maxLength] */
  readonly ids: Int32Array;
  /** [maxLength]; absent where every weight is 1 */
  readonly weights?: Float32Array;
}

interface Token {
  readonly id: number;
  readonly weight: number;
}

/**
 * As many rows as the text needs, at least one and at most `maxRows`; what does not fit is cut. Parts with different weights are split into
 * tokens apart from each other. Unlike in that web UI, a row that is full does not go back to its last comma.
 */
export function weightedRows(
  tokenizer: Pick<ClipTokenizer, "tokens" | "row" | "maxLength">,
  spans: readonly Span[],
  maxRows: number,
): readonly WeightedRow[] {
  // A row has a begin token and an end token.
  const capacity = tokenizer.maxLength - 2;
  const rows: Token[][] = [[]];
  for (const span of spans) {
    if (span === "break") {
      // A second one in a row begins nothing.
      if (rows.at(-1)?.length !== 0) rows.push([]);
      continue;
    }
    for (const id of tokenizer.tokens(span.text)) {
      if (rows.at(-1)?.length === capacity) rows.push([]);
      rows.at(-1)?.push({ id, weight: span.weight });
    }
  }
  if (rows.length > 1 && rows.at(-1)?.length === 0) rows.pop();
  return rows.slice(0, maxRows).map((tokens) => {
    const ids = tokenizer.row(tokens.map(({ id }) => id));
    if (tokens.every(({ weight }) => weight === 1)) return { ids };
    const weights = new Float32Array(tokenizer.maxLength).fill(1);
    weights.set(
      tokens.map(({ weight }) => weight),
      1,
    );
    return { ids, weights };
  });
}

/** @param row `hidden` is [tokens, channels]; the pooled embedding is not changed */
export function emphasised(row: TextRow, weights: Float32Array | undefined): TextRow {
  if (weights === undefined) return row;
  const hidden = row.hidden.map((value, i) => value * (weights[Math.floor(i / row.channels)] ?? 1));
  const [before, after] = [sum(row.hidden), sum(hidden)];
  // Weights of both signs can cancel out the mean, and then there is nothing to scale by.
  const scale = before / after;
  return { ...row, hidden: Number.isFinite(scale) ? hidden.map((value) => value * scale) : hidden };
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
