// Turns texts into what a denoiser reads. SD takes the last hidden state of one encoder; SDXL takes the penultimate states of
// two, side by side, and the second one's projected embedding. The last few texts are kept on the host, so that going back
// to a prompt costs nothing.
import type { TextTokens } from "../common/drawing";
import { spansOf, type Emphasis, type Span } from "../common/emphasis";
import type { Recipe } from "../common/recipe";
import { effectiveSteering } from "../steering/schedule";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";
import { emphasised, weightedRows } from "./weighted-rows";
import type { EncodedText, TextEncoder, TextRow } from "./engine";
import type { Work } from "./work";

const KEPT_TEXTS = 16;

/** Rows that a text with weights may fill at the least, because BREAK asks for further ones. */
const EMPHASISED_ROWS = 4;

/** A text as the rows that one encoder reads. */
interface SplitText {
  readonly encoder: TextEncoder;
  readonly rows: ReturnType<typeof weightedRows>;
}

export class Texts {
  readonly #encoders: readonly TextEncoder[];
  readonly #maxRows: number;
  readonly #kept = new Map<string, EncodedText>();

  /**
   * @param maxRows rows of an encoder's length that a text may fill. Published pipelines read one row and cut the rest; here each
   * further row is encoded by itself, and its tokens follow
   */
  constructor(encoders: readonly TextEncoder[], maxRows: number) {
    this.#encoders = encoders;
    this.#maxRows = maxRows;
  }

  /** How long the recipe's texts are, because the picture does not show that a text was cut. */
  tokens(recipe: Pick<Recipe, "prompt" | "negative" | "emphasis" | "steering">): TextTokens {
    if (this.#encoders.length === 0) return { prompt: 0, negative: 0, most: 0 };
    return textTokens(
      this.#encoders.map(({ tokenizer }) => tokenizer),
      this.#maxRows,
      recipe,
    );
  }

  /** The encoders have changed. */
  forget(): void {
    this.#kept.clear();
  }

  /** What the encoders read of a text: texts with the same key are the same tokens at the same weights. */
  key(text: string, emphasis: Emphasis | undefined): string {
    return this.#encoders.length === 0 ? text.trim() : keyOf(this.#split(text, emphasis));
  }

  /**
   * @param emphasis how brackets in the text are read
   * @throws OnestrokeError as `TextEncoder.encode`
   */
  async encode(text: string, emphasis: Emphasis | undefined, work: Work): Promise<EncodedText> {
    const split = this.#split(text, emphasis);
    const key = keyOf(split);
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const count = Math.max(...split.map(({ rows }) => rows.length));
    const parts: EncodedText[] = [];
    for (const { encoder, rows } of split) {
      const encoded: TextRow[] = [];
      for (let row = 0; row < count; row++) {
        // Where another tokenizer needs more rows than this one, the remaining rows are an empty text.
        const { ids, weights } = rows[row] ?? { ids: encoder.tokenizer.encode("") };
        encoded.push(emphasised(await encoder.encode(ids, work), weights));
      }
      parts.push(oneAfterAnother(encoded));
    }
    const encoded = sideBySide(parts);
    this.#kept.set(key, encoded);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_TEXTS && oldest !== undefined) this.#kept.delete(oldest);
    return encoded;
  }

  #split(text: string, emphasis: Emphasis | undefined): readonly SplitText[] {
    const spans = spansIn(text, emphasis);
    return this.#encoders.map((encoder) => ({
      encoder,
      rows: weightedRows(encoder.tokenizer, spans, rowsFor(emphasis, this.#maxRows)),
    }));
  }
}

function keyOf(split: readonly SplitText[]): string {
  return JSON.stringify(split.map(({ rows }) => rows.map(({ ids, weights }) => [[...ids], [...(weights ?? [])]])));
}

/** A text's length is the count of the tokenizer that splits it into most tokens; `most` is what all encoders read of it. */
export function textTokens(
  tokenizers: readonly Pick<ClipTokenizer, "count" | "maxLength">[],
  maxRows: number,
  { prompt, negative, emphasis, steering }: Pick<Recipe, "prompt" | "negative" | "emphasis" | "steering">,
): TextTokens {
  const count = (text: string): number => {
    const parts = spansIn(text, emphasis).filter((span) => span !== "break");
    return Math.max(...tokenizers.map((tokenizer) => parts.reduce((sum, part) => sum + tokenizer.count(part.text), 0)));
  };
  return {
    prompt: count(prompt),
    negative: effectiveSteering(steering, negative).method === "none" ? 0 : count(negative),
    // Each row has a begin token and an end token.
    most: rowsFor(emphasis, maxRows) * Math.min(...tokenizers.map(({ maxLength }) => maxLength - 2)),
  };
}

function rowsFor(emphasis: Emphasis | undefined, maxRows: number): number {
  return emphasis === undefined ? maxRows : Math.max(maxRows, EMPHASISED_ROWS);
}

function spansIn(text: string, emphasis: Emphasis | undefined): readonly Span[] {
  return emphasis === undefined ? [{ text, weight: 1 }] : spansOf(text);
}

/** Joins the rows of one encoder. The pooled embedding is the first row's. */
function oneAfterAnother(rows: readonly TextRow[]): EncodedText {
  const channels = rows[0]?.channels ?? 0;
  const hidden = new Float32Array(rows.reduce((length, row) => length + row.hidden.length, 0));
  let offset = 0;
  for (const row of rows) {
    hidden.set(row.hidden, offset);
    offset += row.hidden.length;
  }
  return { hidden, channels, tokens: hidden.length / channels, pooled: rows[0]?.pooled };
}

/** Joins the states of several encoders along channels. The pooled embedding is the last encoder's. */
function sideBySide(parts: readonly EncodedText[]): EncodedText {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const tokens = first?.tokens ?? 0;
  const channels = parts.reduce((total, part) => total + part.channels, 0);
  const hidden = new Float32Array(tokens * channels);
  let offset = 0;
  for (const part of parts) {
    for (let token = 0; token < tokens; token++) {
      hidden.set(part.hidden.subarray(token * part.channels, (token + 1) * part.channels), token * channels + offset);
    }
    offset += part.channels;
  }
  return { hidden, channels, tokens, pooled: parts.at(-1)?.pooled };
}
