// Weights inside a prompt, read as the web UI of AUTOMATIC1111 reads them: `(word)` is 1.1 times as strong, `((word))` 1.1 times that,
// `[word]` 1.1 times weaker, `(word:1.3)` 1.3 times as strong; a backslash makes a bracket a plain one, and `BREAK` begins a new row of
// tokens. ComfyUI reads the same brackets, and does something else with the weights, so its pictures differ. A weight below 0 turns
// words against the picture, `(fog:-1)`, which the web UI itself does not do, though an extension of it does (NegPiP).

export type Emphasis = "a1111";

/** A part of a prompt whose words share a weight; `break` is where a new row begins. */
export type Span = { readonly text: string; readonly weight: number } | "break";

const ROUND = 1.1;
const SQUARE = 1 / 1.1;

/** An escaped character, a bracket, the number that ends a weight, the word BREAK, or plain text. A number has no bracket behind its colon. */
const TOKEN = /\\[\\()[\]]|[([]|:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)|[)\]]|\bBREAK\b|[^\\()[\]:B]+|[\\:B]/g;

/** Neighbouring spans of one weight are one span. A bracket that is not closed counts to the end of the text; one that closes nothing is text. */
export function spansOf(prompt: string): readonly Span[] {
  const spans: { text: string; weight: number; isBreak: boolean }[] = [];
  const open: { bracket: "(" | "["; from: number }[] = [];
  const say = (text: string, isBreak = false): void => void spans.push({ text, weight: 1, isBreak });
  const close = (bracket: "(" | "[", factor: number, token: string): void => {
    const last = open.at(-1);
    if (last?.bracket !== bracket) return say(token);
    open.pop();
    for (const span of spans.slice(last.from)) span.weight *= factor;
  };
  for (const [token, number] of prompt.matchAll(TOKEN)) {
    if (token === "(" || token === "[") open.push({ bracket: token, from: spans.length });
    else if (number !== undefined) close("(", Number(number), token);
    else if (token === ")") close("(", ROUND, token);
    else if (token === "]") close("[", SQUARE, token);
    else if (token === "BREAK") say("", true);
    else say(/^\\./.test(token) ? token.slice(1) : token);
  }
  for (const { bracket } of open.toReversed()) close(bracket, bracket === "[" ? SQUARE : ROUND, "");
  return merged(spans);
}

/** What a prompt says, and the parts that its weights turn against the picture. */
export interface Parted {
  readonly said: readonly Span[];
  /** Weights are above 0 here. Neighbouring spans are one part. */
  readonly turned: readonly (readonly Span[])[];
}

/** Each part is read by itself, so that what is said does not speak of it. There are so many, and the last holds all further ones. */
const MOST_PARTS = 8;

export function parted(spans: readonly Span[]): Parted {
  const said: Span[] = [];
  const turned: Span[][] = [];
  let part: Span[] | undefined;
  for (const span of spans) {
    if (span === "break" || span.weight >= 0) {
      part = undefined;
      said.push(span);
      continue;
    }
    if (span.text.trim() === "") continue;
    if (part === undefined && turned.length === MOST_PARTS) (part = turned.at(-1))?.push({ text: ", ", weight: 1 });
    if (part === undefined) turned.push((part = []));
    part.push({ text: span.text, weight: -span.weight });
  }
  return { said, turned };
}

/** Whether a prompt says anything by brackets, so that it is not the same when it is read as it stands. */
export function hasEmphasis(prompt: string): boolean {
  return plainText(prompt) !== prompt || spansOf(prompt).some((span) => span === "break" || span.weight !== 1);
}

/** How a recipe with these texts is to read them: absent where no bracket says anything. */
export function emphasisOf(...texts: readonly string[]): { readonly emphasis?: Emphasis } {
  return texts.some(hasEmphasis) ? { emphasis: "a1111" } : {};
}

/** A text that is to be read as it stands, for readers that know weights. */
export function withoutEmphasis(text: string): string {
  return text.replace(/[\\()[\]]/g, String.raw`\$&`);
}

/** What a text says without its brackets and weights. */
export function plainText(prompt: string): string {
  return spansOf(prompt)
    .map((span) => (span === "break" ? " " : span.text))
    .join("");
}

function merged(spans: readonly { readonly text: string; readonly weight: number; readonly isBreak: boolean }[]): readonly Span[] {
  const result: Span[] = [];
  for (const { text, weight, isBreak } of spans) {
    const last = result.at(-1);
    if (isBreak) result.push("break");
    else if (last !== undefined && last !== "break" && last.weight === weight)
      result[result.length - 1] = { text: last.text + text, weight };
    else if (text !== "") result.push({ text, weight });
  }
  return result;
}
