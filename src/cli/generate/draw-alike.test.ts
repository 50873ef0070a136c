// Which pictures of a command are drawn together, and what is kept of them.
import { expect, test } from "vitest";
import type { Drawing } from "../../common/drawing";
import { OnestrokeError } from "../../common/errors";
import type { Recipe } from "../../common/recipe";
import { FACTS, RECIPE } from "../../common/testing/fakes";
import { drawAlike, leadingAlike, type Planned } from "./draw-alike";

const plannedFor = (file: string, change: Partial<Recipe> = {}): Planned => {
  const recipe = { ...RECIPE, ...change };
  return { job: { file, start: undefined, recipe: () => recipe }, recipe };
};

const filesOf = (planned: readonly Planned[]): readonly string[] => planned.map(({ job }) => job.file);

test("those at the beginning that differ in their noise alone go together, at most four", () => {
  const seeds = ["1", "2", "3", "4", "5"].map((seed) => plannedFor(seed, { seed }));
  expect(filesOf(leadingAlike(seeds))).toEqual(["1", "2", "3", "4"]);
  const [first, second, ...others] = seeds;
  const mixed = [first, second, plannedFor("other", { prompt: "a lake" }), ...others].filter((one) => one !== undefined);
  expect(filesOf(leadingAlike(mixed))).toEqual(["1", "2"]);
  expect(filesOf(leadingAlike(mixed.slice(2)))).toEqual(["other"]);
});

/** Says of each picture when it is whole, and ends in an error if there is one. */
const drawing = (whole: readonly number[], error?: OnestrokeError): Parameters<typeof drawAlike>[0] => ({
  drawTogether: async (recipes, hooks) => {
    const drawings = recipes.map((recipe): Drawing => {
      const { width, height } = recipe;
      const picture = { width, height, data: new Uint8ClampedArray(4 * width * height) };
      const timings = { load: 0, compile: 0, encode: 0, denoise: [], decode: 0 };
      return { recipe, picture, timings, tokens: { prompt: 2, negative: 0, most: 75 }, model: FACTS };
    });
    for (const index of whole) {
      const made = drawings[index];
      if (made !== undefined) hooks?.onDrawn?.(made, index);
    }
    if (error !== undefined) throw error;
    return drawings.slice(0, whole.length);
  },
});

const ALONE = { start: undefined, timesKernels: false };
const THREE = ["1", "2", "3"].map((seed) => plannedFor(`${seed}.png`, { seed }));

test("each is written to its own file, in the order that was asked for", async () => {
  const written: string[] = [];
  const drawn = await drawAlike(drawing([0, 2, 1]), THREE, ALONE, async (file, { recipe }) => void written.push(file, recipe.seed));
  expect(drawn).toBe(3);
  expect(written).toEqual(["1.png", "1", "2.png", "2", "3.png", "3"]);
});

test("where one fails, those that are whole are kept", async () => {
  const written: string[] = [];
  const failing = drawing([0, 2], new OnestrokeError("bad-image", "it is flat"));
  const writing = drawAlike(failing, THREE, ALONE, async (file) => void written.push(file));
  await expect(writing).rejects.toMatchObject({ code: "bad-image" });
  expect(written).toEqual(["1.png", "3.png"]);
});
