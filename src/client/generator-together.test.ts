// Several recipes in one call, against a real session that draws gradients, so many of them together: what comes back, what is told on the
// way, and what a fault in between costs.
import { expect, test } from "vitest";
import type { Drawing } from "../common/drawing";
import type { Recipe } from "../common/recipe";
import { RECIPE as ONE_STEP } from "../common/testing/fakes";
import { gradientBackend, type Fault } from "../worker/testing/gradient-backend";
import { superviseGenerator } from "./generator";
import { SUPERVISION, type Supervision } from "./supervision";
import { sameThreadWorkers } from "./testing/same-thread";

const QUICK: Supervision = { ...SUPERVISION, tickMs: 4, backoffMs: [0, 1] };

const recipesOf = (...seeds: readonly string[]): readonly Recipe[] => seeds.map((seed) => ({ ...ONE_STEP, steps: 2, seed }));

const seedsOf = (drawings: readonly Drawing[]) => drawings.map(({ recipe, picture }) => `${recipe.seed} ${picture.data[1]}`);

/** @param faults a list for each worker that is spawned */
function setUp(together: number, faults: readonly (readonly (Fault | undefined)[])[] = []) {
  const backends = [0, 1, 2].map((number) => gradientBackend(faults[number] ?? [], together));
  const workers = sameThreadWorkers(async (number) => backends[number] ?? gradientBackend());
  const generator = superviseGenerator(workers.spawn, { modelsRoot: "https://page.example/models/" }, "wait", QUICK);
  const drawn = (number: number) => backends[number]?.drawn.map(({ seed }) => seed);
  return { generator, drawn, spawned: workers.spawned };
}

test.each([
  [4, ["1 1", "2 2", "3 3"]],
  [2, ["1 1", "2 2"]],
  [1, ["1 1"]],
])("as many come as the worker draws together: of three recipes where it draws %i", async (together, expected) => {
  const { generator } = setUp(together);
  const told: string[] = [];
  const hooks = { onDrawn: (drawing: Drawing, index: number) => void told.push(`${index}: ${drawing.recipe.seed}`) };
  expect(seedsOf(await generator.generateTogether(recipesOf("1", "2", "3"), hooks))).toEqual(expected);
  expect(told).toEqual(["0: 1", "1: 2", "2: 3"].slice(0, expected.length));
});

test("previews say which recipe they are of, and progress how many are drawn", async () => {
  const { generator } = setUp(2);
  const heard: string[] = [];
  await generator.generateTogether(recipesOf("1", "2"), {
    onPreview: (picture, step, index) => heard.push(`${index} is ${picture.data[1]} after step ${step}`),
    onProgress: (progress) => progress.stage === "step" && heard.push(`step ${progress.step} of ${progress.pictures}`),
  });
  expect(heard).toEqual(["step 1 of 2", "0 is 1 after step 1", "1 is 2 after step 1", "step 2 of 2"]);
});

test("after a lost GPU only what has not come is drawn again, and told under its own number", async () => {
  const { generator, drawn, spawned } = setUp(4, [[undefined, undefined, "lose"]]);
  const told: string[] = [];
  const onDrawn = (drawing: Drawing, index: number) => void told.push(`${index}: ${drawing.recipe.seed}`);
  const previewed: string[] = [];
  const onPreview = (_: unknown, __: number, index: number) => void previewed.push(String(index));
  const drawings = await generator.generateTogether(recipesOf("1", "2", "3", "4"), { onDrawn, onPreview });
  expect(seedsOf(drawings)).toEqual(["1 1", "2 2", "3 3", "4 4"]);
  expect(told).toEqual(["0: 1", "1: 2", "2: 3", "3: 4"]);
  expect(previewed).toEqual(["0", "1", "2", "3", "2", "3"]);
  expect([drawn(0), drawn(1)]).toEqual([
    ["1", "2", "3", "4"],
    ["3", "4"],
  ]);
  expect(spawned()).toBe(2);
});

test("an error ends the call, and what came before it was told", async () => {
  const { generator, spawned } = setUp(3, [[undefined, "blank"]]);
  const told: number[] = [];
  const drawing = generator.generateTogether(recipesOf("1", "2", "3"), { onDrawn: (_, index) => void told.push(index) });
  await expect(drawing).rejects.toMatchObject({ code: "bad-image" });
  expect(told).toEqual([0]);
  expect(seedsOf(await generator.generateTogether(recipesOf("2")))).toEqual(["2 2"]);
  expect(spawned()).toBe(1);
});

test("cancelling ends all of them, and nothing is told after that", async () => {
  const { generator } = setUp(3);
  const abort = new AbortController();
  const told: number[] = [];
  const drawing = generator.generateTogether(recipesOf("1", "2", "3"), {
    signal: abort.signal,
    onPreview: () => abort.abort(),
    onDrawn: (_, index) => void told.push(index),
  });
  await expect(drawing).rejects.toMatchObject({ code: "cancelled" });
  expect(seedsOf(await generator.generateTogether(recipesOf("4")))).toEqual(["4 4"]);
  expect(told).toEqual([]);
});

test("recipes that differ in more than their noise are refused before a worker is asked", async () => {
  const { generator, spawned } = setUp(4);
  const [first = ONE_STEP, second = ONE_STEP] = recipesOf("1", "2");
  const other = { ...second, prompt: "another hill" };
  await expect(generator.generateTogether([first, other])).rejects.toMatchObject({ code: "invalid-input", detail: { field: "prompt" } });
  await expect(generator.generateTogether([])).rejects.toMatchObject({ code: "invalid-input" });
  await expect(generator.generateTogether([first, { ...second, steps: 0 }])).rejects.toMatchObject({ detail: { field: "steps" } });
  expect(spawned()).toBe(0);
});
