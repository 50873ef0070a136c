// The dial's middle is the model's own strength by either method, its ends are off and a strength that every
// family's range allows, and what a link says is not changed by being shown.
import { describe, expect, test } from "vitest";
import { STEERING_METHODS, STEERING_RANGES } from "../common/steering";
import { parseRecipe } from "../common/recipe";
import { STEERED_FAMILIES, STEERING_DEFAULTS } from "../common/steering-defaults";
import { atPosition, chosenSteering, DIAL_END, DIAL_STEP, dialPosition, steeredSteps, withMethod, withSteeredSteps } from "./dial";

const DEFAULTS = STEERING_DEFAULTS.sd15;

describe.each(STEERED_FAMILIES)("%s", (family) => {
  const defaults = STEERING_DEFAULTS[family];

  test.each(STEERING_METHODS)("%s: the notch is the model's own, and a whole number of steps from both ends", (method) => {
    expect(atPosition(defaults[method], 1, defaults)).toEqual(defaults[method]);
    expect(dialPosition(defaults[method], defaults)).toBe(1);
    expect([1 / DIAL_STEP, DIAL_END / DIAL_STEP].map(Number.isInteger)).toEqual([true, true]);
  });

  const recipe = { model: "m", prompt: "", negative: "fog", steps: 1, seed: "0", width: 64, height: 64 };

  test.each(STEERING_METHODS)("%s: the dial's end is a valid recipe", (method) => {
    const steering = atPosition(defaults[method], DIAL_END, defaults);
    expect(parseRecipe({ ...recipe, steering }).steering).toEqual(steering);
  });

  test.each(STEERING_METHODS)("%s: so is the strongest that a link can ask of the other method", (method) => {
    const other = method === "nasa" ? "nag" : "nasa";
    const strongest = { ...defaults[other], scale: STEERING_RANGES[other].scale[1] };
    const steering = withMethod(strongest, method, defaults);
    expect(parseRecipe({ ...recipe, steering }).steering).toEqual(steering);
    expect(dialPosition(steering, defaults)).toBeGreaterThanOrEqual(DIAL_END);
  });
});

test("nothing chosen is the model's own; off is strength 0; a link's values stay as they are", () => {
  expect(chosenSteering(undefined, STEERING_DEFAULTS.sdxl)).toEqual(STEERING_DEFAULTS.sdxl.nag);
  expect(chosenSteering({ method: "none" }, DEFAULTS)).toEqual({ ...DEFAULTS.nasa, scale: 0 });
  const asked = { method: "nag", scale: 9.87654321, tau: 3, alpha: 0.1, sigmaEnd: 2 } as const;
  expect(chosenSteering(asked, DEFAULTS)).toBe(asked);
  expect(dialPosition(asked, DEFAULTS)).toBeGreaterThan(DIAL_END);
});

test("strengths have no more digits than people read", () => {
  expect(atPosition(DEFAULTS.nasa, 0.3, DEFAULTS).scale).toBe(0.03);
});

test("another method is as strong on the dial, with its own settings", () => {
  const gentle = atPosition(DEFAULTS.nasa, 0.5, DEFAULTS);
  expect(withMethod(gentle, "nag", DEFAULTS)).toEqual({ ...DEFAULTS.nag, scale: 1 });
  expect(withMethod(withMethod(gentle, "nag", DEFAULTS), "nasa", DEFAULTS)).toEqual(gentle);
});

test("early steps end where the family's do, all steps nowhere", () => {
  expect([steeredSteps(DEFAULTS.nasa), steeredSteps(DEFAULTS.nag)]).toEqual(["all", "early"]);
  expect(withSteeredSteps(DEFAULTS.nasa, "early", DEFAULTS).sigmaEnd).toBe(DEFAULTS.sigmaEnd);
  expect(steeredSteps(withSteeredSteps(DEFAULTS.nag, "all", DEFAULTS))).toBe("all");
});
