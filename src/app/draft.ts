// What the controls say at this moment, and the recipe that makes of it. A draft may be
// invalid (a seed being typed); a recipe may not.
import { parseRecipe, parseSeed, type Recipe } from "../protocol/recipe";

export const DEFAULT_MODEL = "vignette";

export interface Draft {
  readonly model: string;
  readonly prompt: string;
  readonly negative: string;
  readonly method: "nasa" | "nag";
  readonly nasaScale: number;
  readonly nagScale: number;
  readonly steps: number;
  /** As typed. */
  readonly seed: string;
  /** Whether the next picture keeps the seed. */
  readonly seedKept: boolean;
  readonly width: number;
  readonly height: number;
}

/** NAG's bound and blend for small few-step UNets (arXiv 2505.21179); its strength is the dial. */
const NAG = { tau: 2.5, alpha: 0.375 } as const;

export const FIRST_DRAFT: Draft = {
  model: DEFAULT_MODEL,
  prompt: "a lighthouse on a cliff at sunset, two sailboats",
  negative: "",
  method: "nasa",
  nasaScale: 0.5,
  nagScale: 2,
  steps: 1,
  seed: "7",
  seedKept: false,
  width: 256,
  height: 256,
};

/** @throws OnestrokeError `invalid-input` */
export function recipeOf(draft: Draft): Recipe {
  return parseRecipe({ ...draft, steering: steeringOf(draft) });
}

/** The controls as they were when the recipe was drawn. */
export function draftOf(recipe: Recipe, current: Draft): Draft {
  const { model, prompt, negative, steps, seed, width, height, steering } = recipe;
  const draft = { ...current, model, prompt, negative, steps, seed, seedKept: true, width, height };
  switch (steering.method) {
    case "none":
      return draft;
    case "nasa":
      return { ...draft, method: "nasa", nasaScale: steering.scale };
    case "nag":
      return { ...draft, method: "nag", nagScale: steering.scale };
  }
}

export function isSeed(text: string): boolean {
  try {
    parseSeed(text);
    return true;
  } catch {
    return false;
  }
}

function steeringOf(draft: Draft): Recipe["steering"] {
  if (draft.negative.trim() === "") return { method: "none" };
  return draft.method === "nasa" ? { method: "nasa", scale: draft.nasaScale } : { method: "nag", scale: draft.nagScale, ...NAG };
}
