// Turns texts into what a denoiser reads. SD takes the last hidden state of one encoder; SDXL takes the penultimate states of
// two, side by side, and the second one's projected embedding. The last few texts are kept on the host, so that going back
// to a prompt costs nothing.
import type { TextLength, TextTokens } from "../common/drawing";
import { spansOf, type Emphasis, type Span } from "../common/emphasis";
import { EMPHASISED_ROWS } from "../common/text-rows";
import type { Recipe } from "../common/recipe";
import { effectiveSteering } from "../steering/schedule";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";
import { emphasised, mostRead, textLength, weightedRows, type RowRule } from "./weighted-rows";
import type { EncodedText, TextEncoder, TextRow } from "./engine";
import type { Work } from "./work";

const KEPT_TEXTS = 16;

/** A text as the rows that one encoder reads. */
interface SplitText {
  readonly encoder: TextEncoder;
  readonly rows: ReturnType<typeof weightedRows>;
}

export class Texts {
  readonly #encoders: readonly TextEncoder[];
  readonly #kept = new Map<string, EncodedText>();

  constructor(encoders: readonly TextEncoder[]) {
    this.#encoders = encoders;
  }

  /** How long the recipe's texts are, because the picture does not show that a text was cut. */
  tokens(recipe: Pick<Recipe, "prompt" | "negative" | "emphasis" | "rows" | "steering">): TextTokens {
    if (this.#encoders.length === 0) return { prompt: 0, negative: 0, most: 0 };
    return textTokens(
      this.#encoders.map(({ tokenizer }) => tokenizer),
      recipe,
    );
  }

  /** How long a text is for the encoder that needs most of it; undefined for models that read none. */
  length(text: string, emphasis: Emphasis | undefined): TextLength | undefined {
    const lengths = this.#encoders.map(({ tokenizer }) => textLength(tokenizer, spansIn(text, emphasis)));
    return lengths.toSorted((left, right) => right.rows - left.rows || right.tokens - left.tokens)[0];
  }

  /** The encoders have changed. */
  forget(): void {
    this.#kept.clear();
  }

  /** What the encoders read of a text: texts with the same key are the same tokens at the same weights. */
  key(text: string, reading: Reading): string {
    return this.#encoders.length === 0 ? text.trim() : keyOf(this.#split(text, reading));
  }

  /**
   * Each encoder reads all texts before the next one reads any, because two may take turns on the GPU.
   * @param reading how brackets in the texts are read, and what their rows are
   * @throws OnestrokeError as `TextEncoder.encode`
   */
  async encode(texts: readonly string[], reading: Reading, work: Work): Promise<readonly EncodedText[]> {
    const asked = texts.map((text) => {
      const split = this.#split(text, reading);
      const key = keyOf(split);
      const parts: EncodedText[] = [];
      return { key, split, known: this.#kept.get(key), parts };
    });
    for (const index of this.#encoders.keys()) {
      for (const { split, known, parts } of asked) {
        const own = split[index];
        if (known === undefined && own !== undefined) parts.push(await encodedBy(own, rowCount(split), work));
      }
    }
    return asked.map(({ key, known, parts }) => known ?? this.#keep(key, sideBySide(parts)));
  }

  #keep(key: string, text: EncodedText): EncodedText {
    this.#kept.set(key, text);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_TEXTS && oldest !== undefined) this.#kept.delete(oldest);
    return text;
  }

  #split(text: string, reading: Reading): readonly SplitText[] {
    const spans = spansIn(text, reading.emphasis);
    return this.#encoders.map((encoder) => ({ encoder, rows: weightedRows(encoder.tokenizer, spans, ruleFor(reading)) }));
  }
}

function rowCount(split: readonly SplitText[]): number {
  return Math.max(...split.map(({ rows }) => rows.length));
}

async function encodedBy({ encoder, rows }: SplitText, count: number, work: Work): Promise<EncodedText> {
  const encoded: TextRow[] = [];
  for (let row = 0; row < count; row++) {
    // Where another tokenizer needs more rows than this one, the remaining rows are an empty text.
    const { ids, weights } = rows[row] ?? { ids: encoder.tokenizer.encode("") };
    encoded.push(emphasised(await encoder.encode(ids, work), weights));
  }
  return oneAfterAnother(encoded);
}

function keyOf(split: readonly SplitText[]): string {
  return JSON.stringify(split.map(({ rows }) => rows.map(({ ids, weights }) => [[...ids], [...(weights ?? [])]])));
}

/** A text's length is the count of the tokenizer that splits it into most tokens; `most` is what all encoders read of it. */
export function textTokens(
  tokenizers: readonly Pick<ClipTokenizer, "tokens" | "row" | "count" | "maxLength">[],
  { prompt, negative, emphasis, rows, steering }: Pick<Recipe, "prompt" | "negative" | "emphasis" | "rows" | "steering">,
): TextTokens {
  const count = (text: string): number => {
    const parts = spansIn(text, emphasis).filter((span) => span !== "break");
    return Math.max(...tokenizers.map((tokenizer) => parts.reduce((sum, part) => sum + tokenizer.count(part.text), 0)));
  };
  const rule = ruleFor({ emphasis, rows });
  const isSteered = effectiveSteering(steering, negative).method !== "none";
  const texts = isSteered ? [prompt, negative] : [prompt];
  return {
    prompt: count(prompt),
    negative: isSteered ? count(negative) : 0,
    most: Math.min(...tokenizers.flatMap((tokenizer) => texts.map((text) => mostRead(tokenizer, spansIn(text, emphasis), rule)))),
  };
}

/** How a recipe wants its texts read. */
interface Reading {
  readonly emphasis: Emphasis | undefined;
  readonly rows: number | undefined;
}

/** Published pipelines read one row and cut the rest; here each further row is encoded by itself, and its tokens follow. */
function ruleFor({ emphasis, rows }: Reading): RowRule {
  if (rows !== undefined) return { maxRows: rows, endsAtCommas: true };
  return { maxRows: emphasis === undefined ? 1 : EMPHASISED_ROWS, endsAtCommas: false };
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
