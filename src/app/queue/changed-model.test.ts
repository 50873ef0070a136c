// What was asked of a model before somebody chooses another one: it is not drawn, is said, and can be had all the same.
import { describe, expect, test, vi } from "vitest";
import { draw, MODEL, setUp, waiting } from "../testing/fake-app";

describe("what was asked of the model before, where somebody chooses another one,", () => {
  async function changed() {
    const { generate, release, isAsked } = waiting();
    const it = setUp(
      // Not the models' own size, so that who chooses one again draws another picture.
      "seed=5&size=128x128",
      async (recipe, hooks) => ({ ...(await generate(recipe, hooks)), model: { ...MODEL, id: recipe.model } }),
      undefined,
      undefined,
      {
        load: async (id) => ({ ...MODEL, id }),
      },
    );
    it.app.edit({ seedKept: true });
    const draws = [draw(it.app, { prompt: "one" })];
    await isAsked(1);
    draws.push(draw(it.app, { prompt: "two" }));
    await vi.waitFor(() => expect(it.state().waiting).toHaveLength(1));
    const change = it.app.useModel("sd-turbo");
    await isAsked(2);
    const drawn = () => it.asked.map(({ model, prompt }) => `${prompt} by ${model}`);
    return { ...it, draws, release, isAsked, change, drawn };
  }

  test("is not drawn, and the new one draws at once", async () => {
    const { draws, change, release, drawn, state } = await changed();
    await Promise.all(draws);
    expect(drawn()).toEqual([`one by ${MODEL.id}`, "two by sd-turbo"]);
    expect(state().status, "heard while it draws").toMatch(/draws now: .*2 pictures .* are not drawn/);
    release[1]?.();
    await change;
    expect(state()).toMatchObject({
      waiting: [],
      takenOut: [{ prompt: "one" }, { prompt: "two" }],
      shown: { recipe: { model: "sd-turbo" } },
    });
  });

  test("can be had all the same: by its own model, for the gallery, after what was asked since", async () => {
    const { app, change, release, isAsked, drawn, state } = await changed();
    app.bringBackTakenOut();
    expect(state()).toMatchObject({ takenOut: [], waiting: [{ forGallery: true }, { forGallery: true }] });
    for (const at of [1, 2, 3]) {
      release[at]?.();
      if (at < 3) await isAsked(at + 2);
    }
    await change;
    await vi.waitFor(() => expect(state()).toMatchObject({ job: undefined, waiting: [] }));
    expect(drawn().slice(2)).toEqual([`one by ${MODEL.id}`, `two by ${MODEL.id}`]);
    expect(state()).toMatchObject({
      shown: { recipe: { model: "sd-turbo" } },
      draft: { model: "sd-turbo" },
      model: { kind: "ready", facts: { id: "sd-turbo" } },
    });
    await vi.waitFor(() => expect(state().gallery.entries).toHaveLength(3));
  });

  test("is still offered where somebody changes their mind, and does not come twice where it was asked for again", async () => {
    const { app, change, release, isAsked, drawn, state } = await changed();
    const back = app.useModel(MODEL.id);
    await isAsked(3);
    expect(state().takenOut.map(({ prompt, model }) => `${prompt} by ${model}`)).toEqual([
      `one by ${MODEL.id}`,
      `two by ${MODEL.id}`,
      "two by sd-turbo",
    ]);
    const { prompt, steps, width, height } = state().takenOut[0] ?? expect.fail("nothing was taken out");
    const again = draw(app, { prompt, steps, width, height });
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    app.bringBackTakenOut();
    expect(state().waiting.map(({ recipe: { prompt, model } }) => `${prompt} by ${model}`)).toEqual([
      `one by ${MODEL.id}`,
      `two by ${MODEL.id}`,
      "two by sd-turbo",
    ]);
    for (const at of [2, 3, 4, 5]) {
      release[at]?.();
      if (at < 5) await isAsked(at + 2);
    }
    await Promise.all([change, back, again]);
    await vi.waitFor(() => expect(state()).toMatchObject({ job: undefined, waiting: [] }));
    expect(drawn().slice(2)).toEqual([`two by ${MODEL.id}`, `one by ${MODEL.id}`, `two by ${MODEL.id}`, "two by sd-turbo"]);
  });

  test("is forgotten where nobody wants it", async () => {
    const { app, state } = await changed();
    app.forgetTakenOut();
    expect(state()).toMatchObject({ takenOut: [], waiting: [] });
  });

  test("control: the same model chosen again leaves the queue as it is", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, state } = setUp("seed=5", generate);
    app.edit({ seedKept: true });
    for (const prompt of ["one", "two"]) {
      void draw(app, { prompt });
      await isAsked(1);
    }
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    void app.useModel(MODEL.id);
    await isAsked(2);
    expect(state()).toMatchObject({ takenOut: [], job: { recipe: { prompt: "two" } } });
    release[1]?.();
  });
});
