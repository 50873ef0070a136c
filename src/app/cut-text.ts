// Whether a text was too long for the model: known once its picture is drawn, until it is changed.
import type { Drawing } from "../common/drawing";
import { normalisePrompt } from "../common/recipe";
import type { Draft } from "./draft";

/** Tokens that were read of the text that now stands in `field`, where they were not all. */
export function readBeforeCut(field: "prompt" | "negative", draft: Draft, shown: Drawing | undefined): number | undefined {
  if (shown === undefined || normalisePrompt(draft[field]) !== shown.recipe[field]) return undefined;
  return shown.tokens[field] > shown.tokens.most ? shown.tokens.most : undefined;
}
