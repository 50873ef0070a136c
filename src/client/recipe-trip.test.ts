// Nothing on a recipe's way may drop a field: neither the link, nor the text in the PNG, nor the call to the worker and
// its answer. The recipes have every field of the type (common/testing/recipes.ts).
import fc from "fast-check";
import { expect, test } from "vitest";
import { recipeFromQuery, recipeToQuery } from "../common/permalink";
import { parseRecipe, type Recipe } from "../common/recipe";
import { FACTS, RECIPE } from "../common/testing/fakes";
import { RECIPES } from "../common/testing/recipes";
import { encodePng } from "../image/png";
import { readPngText, RECIPE_KEYWORD } from "../image/png-text";
import type { Backend } from "../worker/backend";
import { superviseGenerator } from "./generator";
import { sameThreadWorkers } from "./testing/same-thread";

const PIXEL = { width: 1, height: 1, data: new Uint8ClampedArray([1, 2, 3, 255]) };

async function throughPng(recipe: Recipe): Promise<Recipe> {
  const file = await encodePng(PIXEL, new Map([[RECIPE_KEYWORD, JSON.stringify(recipe)]]));
  return parseRecipe(JSON.parse(readPngText(file).get(RECIPE_KEYWORD) ?? ""));
}

/** What arrives where the picture is drawn, and what comes back with it. */
async function throughWorker(recipe: Recipe): Promise<readonly Recipe[]> {
  const drawn: Recipe[] = [];
  const backend: Backend = {
    lost: new Promise(() => undefined),
    tellSeen: () => undefined,
    load: async () => ({
      facts: FACTS,
      drawTogether: async (asked, hooks) => {
        drawn.push(...asked);
        const timings = { load: 0, compile: 0, encode: 0, denoise: [], decode: 0 };
        const tokens = { prompt: 0, negative: 0, most: 0 };
        const drawings = asked.map((one) => ({ recipe: one, picture: structuredClone(PIXEL), timings, tokens, model: FACTS }));
        drawings.forEach((drawing, index) => hooks?.onDrawn?.(drawing, index));
        return drawings;
      },
      textLength: () => undefined,
      meaning: JSON.stringify,
      dispose: async () => undefined,
    }),
  };
  const generator = superviseGenerator(
    sameThreadWorkers(async () => backend).spawn,
    { modelsRoot: "https://page.example/models/" },
    "wait",
  );
  const drawing = await generator.generate(recipe);
  generator.dispose();
  return [...drawn, drawing.recipe];
}

test.each<[string, (recipe: Recipe) => Promise<readonly Recipe[]>]>([
  ["a link", async (recipe) => [recipeFromQuery(recipeToQuery(recipe), RECIPE)]],
  ["a picture's file", async (recipe) => [await throughPng(recipe)]],
  ["the worker", throughWorker],
])("every field survives %s", async (_, carry) => {
  await fc.assert(
    fc.asyncProperty(RECIPES, async (recipe) => {
      for (const arrived of await carry(recipe)) expect(arrived).toEqual(recipe);
    }),
    { numRuns: 50 },
  );
});

test("control: a carrier that drops a field is noticed", async () => {
  const forgetful = ({ steps: _, ...rest }: Recipe): Recipe => ({ ...rest, steps: 1 });
  const trip = fc.property(RECIPES, (recipe) => expect(forgetful(recipe)).toEqual(recipe));
  expect(fc.check(trip).failed).toBe(true);
});
