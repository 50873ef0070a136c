// What a model can be asked for: sizes and steps. One answer for every engine.
import { OnestrokeError } from "../common/errors";
import type { SamplerRecipe } from "../samplers/recipe";
import type { ImageRequest } from "./request";

/** What a step dial offers where the sampler itself sets no bound. */
const USUAL_MAX_STEPS = 8;
const LARGEST_SIDE = 2048;

/** @throws OnestrokeError `invalid-input` naming the field */
export function checkRequest(
  { width, height, steps }: ImageRequest,
  { sizeMultiple, maxSteps: most }: { readonly sizeMultiple: number; readonly maxSteps: number },
): void {
  for (const [name, side] of [
    ["width", width],
    ["height", height],
  ] as const) {
    if (Number.isInteger(side / sizeMultiple) && side >= sizeMultiple && side <= LARGEST_SIDE) continue;
    throw new OnestrokeError("invalid-input", `${name} must be a multiple of ${sizeMultiple} up to ${LARGEST_SIDE}, not ${side}`, {
      [name]: side,
    });
  }
  if (!Number.isInteger(steps) || steps < 1 || steps > most) {
    throw new OnestrokeError("invalid-input", `this model takes 1 to ${most} steps, not ${steps}`, { steps });
  }
}

/**
 * @param side pixels on a side that a model was trained at: what is prepared before the first picture
 * @throws OnestrokeError `model-unsupported`
 */
export function checkUsualSide(side: number): void {
  if (side <= LARGEST_SIDE) return;
  throw new OnestrokeError(
    "model-unsupported",
    `"sample_size" says pictures of ${side} pixels on a side, and at most ${LARGEST_SIDE} are drawn`,
    {
      field: "sample_size",
    },
  );
}

export function maxSteps({ rule }: SamplerRecipe): number {
  switch (rule.rule) {
    case "listed":
      return Math.max(...rule.lists.map(({ network }) => network.length));
    case "consistency":
    case "tcd":
      return Math.min(USUAL_MAX_STEPS, rule.originalSteps);
    case "euler":
      return rule.timesteps.spacing === "own" ? Math.min(USUAL_MAX_STEPS, rule.timesteps.lists.length) : USUAL_MAX_STEPS;
    case "direct":
      return 1;
    default:
      return USUAL_MAX_STEPS;
  }
}
