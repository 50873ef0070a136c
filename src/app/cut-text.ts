// Whether a text was too long for the model. It is known once the text is drawn, and until it is changed.
import { normalisePrompt } from "../common/recipe";
import type { Draft } from "./draft";
import type { ShownPicture } from "./shown-picture";

/** How many tokens were read of the text in `field`. Undefined where all were, or where the text has not been drawn. */
export function readBeforeCut(field: "prompt" | "negative", draft: Draft, shown: ShownPicture | undefined): number | undefined {
  if (shown?.tokens === undefined || normalisePrompt(draft[field]) !== shown.recipe[field]) return undefined;
  return shown.tokens[field] > shown.tokens.most ? shown.tokens.most : undefined;
}
