// Turns texts into what a denoiser reads. SD takes the last hidden state of one encoder; SDXL takes the penultimate states of
// two, side by side, and the second one's projected embedding. The last few texts are kept on the host, so that going back
// to a prompt costs nothing.
import type { TextLength, TextTokens } from "../common/drawing";
import type { Emphasis } from "../common/emphasis";
import type { Recipe } from "../common/recipe";
import { effectiveSteering } from "../steering/schedule";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";
import { ruleFor, saidIn, splitText, type Reading, type SplitRow } from "./split-text";
import { emphasised, mostRead, textLength } from "./weighted-rows";
import type { EncodedText, TextEncoder, TextRow } from "./engine";
import type { Work } from "./work";

const KEPT_TEXTS = 16;

/** A text, and how its brackets are read and what its rows are. */
export interface AskedText {
  readonly text: string;
  readonly reading: Reading;
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
    const lengths = this.#encoders.map(({ tokenizer }) => textLength(tokenizer, saidIn(text, emphasis)));
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
   * @throws OnestrokeError as `TextEncoder.encode`
   */
  async encode(texts: readonly AskedText[], work: Work): Promise<readonly EncodedText[]> {
    const asked = texts.map(({ text, reading }) => {
      const split = this.#split(text, reading);
      const key = keyOf(split);
      const parts: EncodedText[] = [];
      return { key, split, known: this.#kept.get(key), parts };
    });
    for (const [index, encoder] of this.#encoders.entries()) {
      for (const { split, known, parts } of asked) if (known === undefined) parts.push(await encodedBy(encoder, index, split, work));
    }
    return asked.map(({ key, split, known, parts }) => known ?? this.#keep(key, { ...sideBySide(parts), ...signsOf(split) }));
  }

  #keep(key: string, text: EncodedText): EncodedText {
    this.#kept.set(key, text);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_TEXTS && oldest !== undefined) this.#kept.delete(oldest);
    return text;
  }

  #split(text: string, reading: Reading): readonly SplitRow[] {
    return splitText(
      this.#encoders.map(({ tokenizer }) => tokenizer),
      text,
      reading,
    );
  }
}

/** One text as the encoder at `index` reads it, row after row. */
async function encodedBy(encoder: TextEncoder, index: number, split: readonly SplitRow[], work: Work): Promise<EncodedText> {
  const encoded: TextRow[] = [];
  for (const { read, words } of split) {
    const row = read[index];
    if (row !== undefined) encoded.push(wordsOf(emphasised(await encoder.encode(row.ids, work), row.weights), words));
  }
  return oneAfterAnother(encoded);
}

function keyOf(split: readonly SplitRow[]): string {
  const rows = split.map(({ read, sign, words }) => [sign, words, read.map(({ ids, weights }) => [[...ids], [...(weights ?? [])]])]);
  return JSON.stringify(rows);
}

/** The words of a row, which come after its begin token; the whole row where no count is given. */
function wordsOf(row: TextRow, words: number | undefined): TextRow {
  if (words === undefined) return row;
  return { ...row, hidden: row.hidden.subarray(row.channels, (1 + words) * row.channels) };
}

function signsOf(split: readonly SplitRow[]): Pick<EncodedText, "signs"> {
  if (split.every(({ sign }) => sign === 1)) return {};
  const keys = ({ read, words }: SplitRow): number => words ?? read[0]?.ids.length ?? 0;
  return { signs: Float32Array.from(split.flatMap((row) => Array.from({ length: keys(row) }, () => row.sign))) };
}

/** A text's length is the count of the tokenizer that splits it into most tokens; `most` is what all encoders read of it. */
export function textTokens(
  tokenizers: readonly Pick<ClipTokenizer, "tokens" | "row" | "count" | "maxLength">[],
  { prompt, negative, emphasis, rows, steering }: Pick<Recipe, "prompt" | "negative" | "emphasis" | "rows" | "steering">,
): TextTokens {
  const count = (text: string): number => {
    const parts = saidIn(text, emphasis).filter((span) => span !== "break");
    return Math.max(...tokenizers.map((tokenizer) => parts.reduce((sum, part) => sum + tokenizer.count(part.text), 0)));
  };
  const rule = ruleFor({ emphasis, rows });
  const isSteered = effectiveSteering(steering, negative).method !== "none";
  const texts = isSteered ? [prompt, negative] : [prompt];
  return {
    prompt: count(prompt),
    negative: isSteered ? count(negative) : 0,
    most: Math.min(...tokenizers.flatMap((tokenizer) => texts.map((text) => mostRead(tokenizer, saidIn(text, emphasis), rule)))),
  };
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
