// Starting from a picture: which one a recipe names and gets, how much of it is drawn over, and that it goes along with what it belongs to.
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { OnestrokeError } from "../../common/errors";
import { MAX_STEPS } from "../../common/limits";
import type { Picture } from "../../common/picture";
import { RECIPE } from "../../common/testing/fakes";
import { draw, IDLE, MODEL, NO_MODELS_KEPT, setUp } from "../testing/fake-app";
import { recipeToQuery } from "../../common/permalink";
import { keepingInMemory } from "../gallery/gallery";
import { memoryShelf } from "../gallery/shelf";
import { createApp } from "../store";
import { middleOf, pictureName } from "../../image/start-picture";
import { cameraError } from "./camera";
import { createStartPictures } from "./pictures";
import { stepsTaken, strengthOf } from "./strength";

const pictureOf = (width: number, height: number, value: number): Picture => ({
  width,
  height,
  data: new Uint8ClampedArray(4 * width * height).fill(value),
});

/** It reads a file's size as a grey, and cuts without looking. */
const TOOLS = {
  read: async (file: Blob) => (file.size === 0 ? Promise.reject(new Error("no picture")) : pictureOf(4, 2, file.size)),
  snap: async () => pictureOf(4, 2, 77),
  file: async ({ data }: Picture) => new Blob(["x".repeat(data[0] ?? 0)]),
  fit: ({ data }: Picture, width: number, height: number) => pictureOf(width, height, data[0] ?? 0),
};

function startingApp(query = "", keep = keepingInMemory()) {
  const starts = createStartPictures(keep.shelf, { ...TOOLS });
  const app = createApp(IDLE, NO_MODELS_KEPT, query, () => undefined, { starts, keep });
  return { app, starts, state: () => app.store.getState() };
}

describe("the strength", () => {
  test("takes as many steps as were chosen, whatever their number", () => {
    const chosen = fc
      .integer({ min: 1, max: MAX_STEPS })
      .chain((steps) => fc.tuple(fc.integer({ min: 1, max: steps }), fc.constant(steps)));
    fc.assert(
      fc.property(chosen, ([taken, steps]) => {
        const strength = strengthOf(taken, steps);
        expect(strength).toBeLessThanOrEqual(1);
        expect(stepsTaken(strength, steps)).toBe(taken);
      }),
    );
  });

  test("is held to the steps there are", () => {
    expect([stepsTaken(0, 4), stepsTaken(1, 4), stepsTaken(0.5, 1)]).toEqual([1, 4, 1]);
  });
});

test("the middle of a picture is cut out for another ratio", () => {
  expect(middleOf({ width: 400, height: 200 }, { width: 64, height: 64 })).toEqual({ left: 100, top: 0, width: 200, height: 200 });
  expect(middleOf({ width: 100, height: 300 }, { width: 200, height: 100 })).toEqual({ left: 0, top: 125, width: 100, height: 50 });
  expect(middleOf({ width: 96, height: 64 }, { width: 48, height: 32 })).toEqual({ left: 0, top: 0, width: 96, height: 64 });
});

test("a picture's name is its size and pixels", async () => {
  const name = await pictureName(pictureOf(4, 2, 9));
  expect(name).toMatch(/^[0-9a-f]{32}$/);
  expect(await pictureName(pictureOf(4, 2, 9))).toBe(name);
  expect(await pictureName(pictureOf(2, 4, 9))).not.toBe(name);
  expect(await pictureName(pictureOf(4, 2, 8))).not.toBe(name);
});

describe("pictures to start from", () => {
  test("come at the size of the recipe that names them, and the oldest make way", async () => {
    const starts = createStartPictures(memoryShelf(), TOOLS);
    const names: string[] = [];
    for (let grey = 1; grey <= 9; grey++) names.push(await starts.add(pictureOf(4, 2, grey)));
    const at = (index: number) => starts.pictureOf({ ...RECIPE, start: { picture: names[index] ?? "", strength: 0.5 } });
    expect(await at(8)).toEqual(pictureOf(RECIPE.width, RECIPE.height, 9));
    expect(await at(1)).toBeDefined();
    expect(await at(0)).toBeUndefined();
    expect(await starts.pictureOf(RECIPE), "a recipe that names none").toBeUndefined();
  });

  test("are cut once for many recipes of one size, as while somebody types", async () => {
    const fit = vi.fn<typeof TOOLS.fit>(TOOLS.fit);
    const starts = createStartPictures(memoryShelf(), { ...TOOLS, fit });
    const [one, two] = [await starts.add(pictureOf(4, 2, 1)), await starts.add(pictureOf(4, 2, 2))];
    const at = (picture: string, width: number) => starts.pictureOf({ ...RECIPE, width, start: { picture, strength: 0.5 } });
    for (let letter = 0; letter < 3; letter++) expect(await at(one, 64)).toEqual(pictureOf(64, RECIPE.height, 1));
    expect(fit).toHaveBeenCalledTimes(1);
    expect(await at(one, 32)).toEqual(pictureOf(32, RECIPE.height, 1));
    expect(await at(two, 32)).toEqual(pictureOf(32, RECIPE.height, 2));
  });
});

describe("in the app", () => {
  test("a file is drawn over, in more steps than one and half of them", async () => {
    const { app, starts, state } = startingApp();
    await app.start();
    await app.startFromFile(new Blob(["grey"]));
    const { start, steps } = state().draft;
    expect(steps).toBe(MODEL.maxSteps);
    expect(start).toEqual({ picture: await pictureName(pictureOf(4, 2, 4)), strength: 0.5 });
    await app.draw();
    const drawn = state().shown?.recipe;
    expect(drawn?.start).toEqual(start);
    expect(drawn && (await starts.pictureOf(drawn))?.data[0]).toBe(4);
    expect(state().startPicture).toEqual({ name: start?.picture, picture: pictureOf(4, 2, 4) });
    // A picture that was drawn from noise brings that back.
    await app.undo();
    expect(state().draft.start).toBeUndefined();
    expect(state().startPicture).toBeUndefined();
    await app.redo();
    expect(state().draft.start).toEqual(start);
    app.store.setState({ error: new OnestrokeError("invalid-input", "that picture is not here", { field: "start" }) });
    app.startFromNoise();
    expect(state().error, "it may have been what was wrong").toBeUndefined();
    await app.draw();
    expect(state().shown?.recipe).not.toHaveProperty("start");
  });

  test("is there again in a later visit, as long as a kept picture was drawn over it", async () => {
    const keep = keepingInMemory();
    const first = startingApp("", keep);
    await first.app.start();
    await first.app.startFromFile(new Blob(["grey"]));
    await first.app.draw();
    const recipe = first.state().shown?.recipe;
    const link = recipeToQuery(recipe ?? RECIPE);
    await vi.waitFor(() => expect(first.state().gallery.starts.size).toBe(1));

    const second = startingApp(link, keep);
    await vi.waitFor(() => expect(second.state().startPicture?.picture).toEqual(pictureOf(4, 2, 4)));
    expect(recipe && (await second.starts.pictureOf(recipe))?.data[0]).toBe(4);
    await second.app.gallery.remove(link);
    const third = startingApp(link, keep);
    await vi.waitFor(() => expect(third.state().startPicture).toEqual({ name: recipe?.start?.picture, picture: undefined }));
    expect(recipe && (await third.starts.pictureOf(recipe))).toBeUndefined();
  });

  test("the shown picture is drawn over at the steps that were chosen", async () => {
    const { app, state } = startingApp();
    await draw(app, { steps: 3 });
    await app.startFromShown();
    expect(state().draft).toMatchObject({ steps: 3, start: { strength: 0.67 } });
  });

  test("a frame of the camera is drawn over; where there is none, it is said why and what to do", async () => {
    const { app, starts, state } = startingApp();
    await app.start();
    await app.startFromCamera();
    expect(state().startPicture?.picture).toEqual(pictureOf(4, 2, 77));
    const { draft } = state();
    vi.spyOn(starts.tools, "snap").mockRejectedValueOnce(cameraError(new DOMException("", "NotAllowedError")));
    await app.startFromCamera();
    expect(state().notice).toMatch(/does not let this page use the camera\. Allow it/);
    expect(state().draft).toEqual(draft);
  });

  test("what is no picture is said to be none, and changes nothing", async () => {
    const { app, state } = startingApp();
    const { draft } = state();
    await app.startFromFile(new Blob([]));
    await app.startFromShown();
    expect(state().draft).toBe(draft);
    expect(state().notice).toContain("no picture");
  });

  test("a model that draws over no picture says so, and begins with noise", async () => {
    const { app, state } = startingApp();
    await draw(app);
    app.store.setState({ model: { kind: "ready", facts: { ...MODEL, readsPictures: false } } });
    for (const begin of [() => app.startFromShown(), () => app.startFromFile(new Blob(["grey"]))]) {
      app.remark(undefined);
      await begin();
      expect(state().notice).toContain("no encoder");
      expect(state().draft.start).toBeUndefined();
    }
  });

  test("another model begins with noise, and a link names the picture", async () => {
    const { app, state } = startingApp();
    await app.start();
    await app.startFromFile(new Blob(["grey"]));
    const { start } = state().draft;
    await app.draw();
    expect(setUp(`start=${start?.picture}:0.5`).state().draft.start).toEqual(start);
    await app.useModel(state().draft.model);
    expect(state().draft.start).toBeUndefined();
  });
});
