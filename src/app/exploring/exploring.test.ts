// Four like this: what is drawn, what stays when it is held, what is kept, and that variations go along with the seed they belong to.
import { describe, expect, test, vi } from "vitest";
import type { Drawing } from "../../common/drawing";
import { OnestrokeError } from "../../common/errors";
import type { Recipe } from "../../common/recipe";
import { RECIPE } from "../../common/testing/fakes";
import type { Generator } from "../../library";
import { draw, drawingOf, MODEL, setUp, startedThenWaiting, waiting } from "../testing/fake-app";
import { vary } from "./vary";

const STEP = { seed: "8", strength: 0.3 };

describe("a recipe like another", () => {
  test("goes a part of the way from its noise, after the ways before; at 1 it has a seed of its own", () => {
    const once = vary(RECIPE, "8", 0.3);
    expect(once).toEqual({ ...RECIPE, variations: [STEP] });
    expect(vary(once, "9", 0.5).variations).toEqual([STEP, { seed: "9", strength: 0.5 }]);
    expect(vary(once, "9", 1)).toEqual({ ...RECIPE, seed: "9" });
  });

  test("has no more variations than a recipe may have", () => {
    const many = Array.from({ length: 12 }, (_, index) => String(index)).reduce((recipe, seed) => vary(recipe, seed, 0.5), RECIPE);
    expect(many.variations?.map(({ seed }) => seed)).toEqual(["0", "1", "2", "3", "4", "5", "6", "11"]);
  });
});

async function explored() {
  const it = setUp("prompt=a+pier&seed=5");
  await it.app.start();
  await it.app.explore();
  const seeds = () => it.state().exploring.tiles.map(({ recipe }) => recipe.seed);
  return { ...it, seeds };
}

describe("four like this", () => {
  test("are what the controls say with other seeds, stand beside the picture, and are kept nowhere", async () => {
    const { asked, state, seeds } = await explored();
    expect(asked).toHaveLength(5);
    expect(new Set([...seeds(), "5"]).size).toBe(5);
    expect(asked.slice(1).every(({ prompt }) => prompt === "a pier")).toBe(true);
    expect(state().exploring.tiles.every(({ recipe, picture }) => picture?.recipe.seed === recipe.seed)).toBe(true);
    expect(state()).toMatchObject({ shown: { recipe: { seed: "5" } }, job: undefined, trail: { at: 0 } });
    await vi.waitFor(() => expect(state().gallery.entries).toHaveLength(1));
  });

  test("a held one stays while the others are drawn anew, nearer to the picture if that is wished", async () => {
    const { app, asked, state, seeds } = await explored();
    const [first, held] = seeds();
    app.hold(1, true);
    app.setDifference(0.3);
    await app.explore();
    expect(asked).toHaveLength(8);
    const { tiles } = state().exploring;
    expect(tiles.map(({ recipe }) => recipe.seed)).toEqual(["5", held, "5", "5"]);
    expect(tiles[0]?.recipe.variations).toEqual([{ seed: expect.any(String), strength: 0.3 }]);
    expect(tiles[1]).toMatchObject({ isHeld: true, picture: { recipe: { seed: held } } });
    app.hold(1, false);
    app.setDifference(1);
    await app.explore();
    expect(seeds()).not.toContain(held);
    expect(seeds()).not.toContain(first);
  });

  test("the chosen one is shown and kept, with a way back", async () => {
    const { app, state, seeds, queries } = await explored();
    app.choose(2);
    const seed = seeds()[2];
    expect(state()).toMatchObject({ shown: { recipe: { seed } }, draft: { seed }, exploring: { isOpen: true } });
    expect(queries.at(-1)).toContain(`seed=${seed}`);
    await vi.waitFor(() => expect(state().gallery.entries).toHaveLength(2));
    await app.undo();
    expect(state().shown?.recipe.seed).toBe("5");
  });

  test("each is shown as it comes; what is asked for meanwhile goes first, and closing cancels", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, asked, state } = setUp("", (recipe, hooks) =>
      asked.length === 1 ? Promise.resolve(drawingOf(recipe)) : generate(recipe, hooks),
    );
    await app.start();
    void app.explore();
    await isAsked(1);
    release[0]?.();
    await isAsked(2);
    const drawn = () => state().exploring.tiles.map(({ picture }) => picture !== undefined);
    expect(drawn()).toEqual([true, false, false, false]);
    expect(state().job).toMatchObject({ beside: "tiles" });
    const other = draw(app, { prompt: "a harbour" });
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    release[1]?.();
    await isAsked(3);
    expect(asked.at(-1)?.prompt).toBe("a harbour");
    release[2]?.();
    await other;
    expect(state().shown?.recipe.prompt).toBe("a harbour");
    expect(drawn()).toEqual([true, true, false, false]);
    await isAsked(4);
    expect(state().job, "then the rest of the four").toMatchObject({ beside: "tiles" });

    const again = app.explore();
    await isAsked(5);
    expect(drawn(), "anew").toEqual([false, false, false, false]);
    app.closeExploring();
    await again;
    expect(state().exploring).toMatchObject({ isOpen: false, tiles: [] });
    expect(state().job).toBeUndefined();
    expect(release).toHaveLength(5);
  });
});

describe("where the GPU draws several together", () => {
  /** A generator that draws so many at once. Each picture waits until it is let through. */
  function together(most: number) {
    const calls: (readonly Recipe[])[] = [];
    const release: (() => void)[] = [];
    const generateTogether: Generator["generateTogether"] = async (recipes, hooks) => {
      calls.push(recipes);
      const now = recipes.slice(0, most);
      hooks?.onProgress?.({ stage: "step", step: 1, steps: 1, pictures: now.length });
      now.forEach((recipe, index) => hooks?.onPreview?.(drawingOf(recipe).picture, 1, index));
      const drawings: Drawing[] = [];
      for (const [index, recipe] of now.entries()) {
        await new Promise<void>((resolve, reject) => {
          release.push(resolve);
          hooks?.signal?.addEventListener("abort", () => reject(new OnestrokeError("cancelled", "cancelled")));
        });
        const drawing = drawingOf(recipe);
        hooks?.onDrawn?.(drawing, index);
        drawings.push(drawing);
      }
      return drawings;
    };
    const page = setUp("prompt=a+pier&seed=5", undefined, undefined, undefined, { generateTogether });
    const drawn = () => page.state().exploring.tiles.map(({ picture }) => picture !== undefined);
    const letOne = async () => {
      await vi.waitFor(() => expect(release.length).toBeGreaterThan(0));
      release.shift()?.();
    };
    return { ...page, calls, drawn, letOne };
  }

  test("all that are undrawn are asked for at once, and each is shown as it comes, its preview before it", async () => {
    const { app, calls, drawn, letOne, state } = together(3);
    await app.start();
    const exploring = app.explore();
    await vi.waitFor(() => expect(state().job?.tiles).toHaveLength(3));
    expect(state().job?.tiles?.map(({ recipe, preview }) => [recipe, preview !== undefined])).toEqual(
      state()
        .exploring.tiles.slice(0, 3)
        .map(({ recipe }) => [recipe, true]),
    );
    await letOne();
    await vi.waitFor(() => expect(drawn()).toEqual([true, false, false, false]));
    for (let picture = 0; picture < 3; picture++) await letOne();
    await exploring;
    expect(drawn()).toEqual([true, true, true, true]);
    expect(calls.map(({ length }) => length)).toEqual([4, 1]);
    expect(state().job).toBeUndefined();
  });

  test("what is asked for meanwhile is drawn before those for which there was no room", async () => {
    const { app, calls, asked, drawn, letOne, state } = together(2);
    await app.start();
    const exploring = app.explore();
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    const other = draw(app, { prompt: "a harbour" });
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    for (let picture = 0; picture < 2; picture++) await letOne();
    await other;
    expect(asked.at(-1)?.prompt).toBe("a harbour");
    expect(drawn()).toEqual([true, true, false, false]);
    for (let picture = 0; picture < 2; picture++) await letOne();
    await exploring;
    expect(drawn()).toEqual([true, true, true, true]);
  });

  test("closing and drawing anew cancel what is on its way, and nothing of it comes", async () => {
    const { app, calls, drawn, letOne, state } = together(4);
    await app.start();
    const first = app.explore();
    await letOne();
    await vi.waitFor(() => expect(drawn()).toContain(true));
    app.hold(0, true);
    app.hold(1, true);
    app.edit({ prompt: "a harbour" });
    const second = app.explore();
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    expect(
      calls[1]?.map(({ prompt }) => prompt),
      "one held undrawn is of other words",
    ).toEqual(["a pier"]);
    for (let picture = 0; picture < 3; picture++) await letOne();
    await vi.waitFor(() => expect(calls).toHaveLength(3));
    expect(calls[2]?.map(({ prompt }) => prompt)).toEqual(["a harbour", "a harbour"]);
    app.closeExploring();
    await Promise.all([first, second]);
    expect(state()).toMatchObject({ exploring: { isOpen: false, tiles: [] }, job: undefined, error: undefined });
  });

  test("an error in one of them leaves the others, and is shown", async () => {
    const { app, state } = setUp("seed=5", undefined, undefined, undefined, {
      generateTogether: async ([recipe = RECIPE], hooks) => {
        hooks?.onDrawn?.(drawingOf(recipe), 0);
        throw new OnestrokeError("bad-image", "the picture is all one colour");
      },
    });
    await app.start();
    await app.explore();
    expect(state().exploring.tiles.map(({ picture }) => picture !== undefined)).toEqual([true, false, false, false]);
    expect(state()).toMatchObject({ error: { code: "bad-image" }, job: undefined });
  });
});

test("four like a kept picture that is shown before its model is there wait for the model", async () => {
  const { app, asked, state } = setUp();
  app.store.setState({ shown: drawingOf(RECIPE) });
  await app.explore();
  expect(asked).toHaveLength(4);
  expect(state()).toMatchObject({ model: { kind: "ready" }, exploring: { isOpen: true } });
});

test("four that wait for another picture are not drawn with their model once another one is chosen", async () => {
  const load: Generator["load"] = async (id) => ({ ...MODEL, id });
  const { app, asked, state, release, isAsked } = await startedThenWaiting("prompt=a+pier&seed=5", { load });
  void draw(app, { prompt: "a harbour" });
  await isAsked(2);
  const exploring = app.explore();
  await vi.waitFor(() => expect(state().exploring.tiles).toHaveLength(4));
  const choosing = app.useModel("sd-turbo");
  await isAsked(3);
  expect(asked.map(({ model }) => model)).toEqual([MODEL.id, MODEL.id, "sd-turbo"]);
  release[2]?.();
  await Promise.all([choosing, exploring]);
  expect(asked).toHaveLength(3);

  const again = app.explore();
  for (let tile = 3; tile < 7; tile++) {
    await isAsked(tile + 1);
    release[tile]?.();
  }
  await again;
  expect(
    state().exploring.tiles.map(({ picture }) => picture?.recipe.model),
    "control",
  ).toEqual(Array.from({ length: 4 }, () => "sd-turbo"));
});

test("a variation belongs to its seed: another seed, typed or rolled, has none", async () => {
  const { app, asked, state } = setUp("seed=5&variation=8:0.3");
  await app.start();
  expect(asked[0]).toMatchObject({ seed: "5", variations: [STEP] });
  await app.draw();
  expect(asked[1]?.variations, "rolled").toBeUndefined();
  await app.openLink("seed=5&variation=8:0.3");
  expect(state().draft.variations).toEqual([STEP]);
  app.edit({ prompt: "a pier" });
  expect(state().draft.variations, "control").toEqual([STEP]);
  app.edit({ seed: "6" });
  await app.draw();
  expect(asked.at(-1)).toMatchObject({ seed: "6" });
  expect(asked.at(-1)?.variations).toBeUndefined();
});

test("a LoRA's file that takes the place of another meanwhile is for what is asked for from then on: all four are drawn with the one before", async () => {
  const files: (readonly (Blob | undefined)[])[] = [];
  const release: (() => void)[] = [];
  const generateTogether: Generator["generateTogether"] = async (recipes, hooks) => {
    const [recipe = expect.fail("something is asked for")] = recipes;
    files.push((recipe.loras ?? []).map(({ name }) => hooks?.loraOf?.(name)));
    await new Promise<void>((resolve) => release.push(resolve));
    const loras = recipe.loras?.map((lora) => ({ ...lora, hash: "aaaaaaaaaaaa" })) ?? [];
    const drawing = { ...drawingOf({ ...recipe, loras }), model: { ...MODEL, loras } };
    hooks?.onDrawn?.(drawing, 0);
    return [drawing];
  };
  const { app, state } = setUp("prompt=a+pier&seed=5", undefined, undefined, undefined, { generateTogether });
  await app.start();
  const [one, other] = [new File(["one"], "ink.safetensors"), new File(["other"], "ink.safetensors")];
  await app.addLora(one);
  const exploring = app.explore();
  await vi.waitFor(() => expect(release).toHaveLength(1));
  const adding = app.addLora(other);
  for (const count of [1, 2, 3, 4]) {
    await vi.waitFor(() => expect(release).toHaveLength(count));
    release[count - 1]?.();
  }
  await Promise.all([exploring, adding]);
  expect(files).toEqual([[one], [one], [one], [one]]);
  const { model } = state();
  expect(model.kind === "ready" && model.facts.loras, "the hash is of a file that is not there any more").toBeFalsy();

  const next = app.explore();
  for (const count of [5, 6, 7, 8]) {
    await vi.waitFor(() => expect(release).toHaveLength(count));
    release[count - 1]?.();
  }
  await next;
  expect(files.slice(4), "control").toEqual([[other], [other], [other], [other]]);
  expect(state()).toMatchObject({ error: undefined, job: undefined });
});
