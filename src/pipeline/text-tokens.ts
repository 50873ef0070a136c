// How long the texts of a request are for those who read them: what is too long is cut without a sign in the picture.
import { effectiveSteering } from "../steering/schedule";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";
import type { ImageRequest, TextTokens } from "./request";

/** @param maxRows encoder lengths a text may fill */
export function textTokens(
  tokenizers: readonly Pick<ClipTokenizer, "count" | "maxLength">[],
  maxRows: number,
  { prompt, negative, steering }: Pick<ImageRequest, "prompt" | "negative" | "steering">,
): TextTokens {
  const count = (text: string): number => Math.max(...tokenizers.map((tokenizer) => tokenizer.count(text)));
  return {
    prompt: count(prompt),
    negative: effectiveSteering(steering, negative).method === "none" ? 0 : count(negative),
    // Each row has a token of begin and one of end.
    most: maxRows * Math.min(...tokenizers.map(({ maxLength }) => maxLength - 2)),
  };
}
