// Which version of the model drew a picture, and in which numbers, is a part of its recipe: the same words drawn otherwise are another
// picture. A recipe from before that was written is the picture that it was.
import { describe, expect, test, vi } from "vitest";
import { keepingInMemory } from "./gallery/gallery";
import { draw } from "./testing/fake-app";
import { NEW, OLD, setUp, type Version } from "./testing/versioned-app";

const again = { keepsSeed: true } as const;

describe("a picture's recipe", () => {
  test("says which version of the model drew it and in which numbers, in the link and in the gallery too", async () => {
    const { app, queries, state, isKept } = setUp({ revision: NEW, weights: "q4" });
    await draw(app);
    expect(state().shown?.recipe).toMatchObject({ revision: NEW, weights: "q4" });
    expect(queries.at(-1)).toContain(`revision=${NEW}&weights=q4`);
    await isKept(1);
    expect(state().gallery.entries[0]?.recipe).toEqual(state().shown?.recipe);
  });

  test("is the same picture again where the same model draws, and another one with other weights or of another version", async () => {
    const version: Version = { revision: NEW };
    const { app, state, isKept, drawn } = setUp(version);
    await draw(app);
    await app.draw(again);
    expect(drawn(), "control").toBe(1);
    version.weights = "q8";
    await app.useWeights("q8");
    await app.draw(again);
    expect(drawn()).toBe(2);
    version.revision = OLD;
    await app.useWeights("q8");
    await app.draw(again);
    expect(drawn()).toBe(3);
    await isKept(3);
    await app.undo();
    await app.undo();
    expect(state().shown?.recipe).toMatchObject({ revision: NEW });
    expect(state().shown?.recipe.weights, "the float16 picture comes back as it was").toBeUndefined();
    expect(drawn()).toBe(3);
  });

  test("from before that was written: it is shown, and neither drawn nor listed again", async () => {
    const keep = keepingInMemory();
    const before = setUp({}, "seed=5", keep);
    await draw(before.app);
    await before.isKept(1);

    const { app, state, isKept, drawn } = setUp({ revision: NEW }, "seed=5", keep);
    await app.start();
    expect(state().shown?.recipe.revision).toBeUndefined();
    await app.draw(again);
    expect(state().notice).toContain("there already");
    expect(drawn()).toBe(0);
    await app.draw({ ...again, anew: true });
    expect(drawn(), "control").toBe(1);
    await isKept(2);
    expect(state().shown?.recipe.revision).toBe(NEW);
    const [newer, older] = state().gallery.entries.map(({ recipe }) => recipe);
    for (const recipe of [older, newer, older]) {
      await app.bring(recipe ?? expect.fail("it is not kept"));
      expect(state().shown?.recipe, "each of the two can be seen").toEqual(recipe);
    }
  });

  test("of before that is drawn anew by the version that is here is a step to go back from", async () => {
    const keep = keepingInMemory();
    const before = setUp({ revision: OLD }, "seed=5", keep);
    await draw(before.app);
    await before.isKept(1);
    for (const query of ["seed=5", `seed=5&revision=${OLD}`]) {
      const { app, state, drawn } = setUp({ revision: NEW }, query, keep);
      await app.start();
      expect(state().shown?.recipe.revision).toBe(OLD);
      await app.draw({ ...again, anew: true });
      expect([state().shown?.recipe.revision, drawn()]).toEqual([NEW, 1]);
      await app.undo();
      expect(state().shown?.recipe.revision).toBe(OLD);
      await app.redo();
      expect([state().shown?.recipe.revision, drawn()]).toEqual([NEW, 1]);
    }
  });

  test("that undo goes to, and that is nowhere any more, is drawn by what is here in its own place: redo still goes on", async () => {
    const version: Version = { revision: OLD };
    const { app, state, isKept } = setUp(version);
    await draw(app, { prompt: "first" });
    version.revision = NEW;
    await app.useWeights(undefined);
    await draw(app, { prompt: "second" });
    await isKept(2);
    for (const { id } of state().gallery.entries) await app.gallery.remove(id);
    app.store.setState({ recent: [] });
    await app.undo();
    expect(state()).toMatchObject({ shown: { recipe: { prompt: "first", revision: NEW } }, trail: { at: 0 } });
    await app.redo();
    expect(state()).toMatchObject({ shown: { recipe: { prompt: "second" } }, trail: { at: 1 } });
  });

  test("from before, brought in from a file, is a picture of its own: nothing that is kept goes for it", async () => {
    const keep = keepingInMemory();
    const before = setUp({}, "seed=5", keep);
    await draw(before.app);
    await before.isKept(1);
    const png = await keep.shelf.file(before.state().gallery.entries[0]?.id ?? "");
    const file = new File([png ?? expect.fail("it is not kept")], "old.png", { type: "image/png" });

    const { app, state, isKept } = setUp({ revision: NEW });
    await draw(app);
    await isKept(1);
    await app.gallery.allow(state().gallery.entries[0]?.byteLength ?? 0);
    await app.importFiles([file]);
    expect(state().gallery).toMatchObject({ work: { kind: "failed" }, entries: [{ recipe: { revision: NEW } }] });
    await app.gallery.allow(1e9);
    await app.importFiles([file]);
    expect(state().gallery, "control").toMatchObject({ work: { kind: "imported", count: 1 } });
    await isKept(2);
  });

  test("compares with its other side, though it is from before", async () => {
    const keep = keepingInMemory();
    const before = setUp({}, "seed=5&negative=fog", keep);
    await draw(before.app);
    await before.isKept(1);
    const { app, state, drawn } = setUp({ revision: NEW }, "seed=5&negative=fog", keep);
    await app.start();
    await app.compare(true);
    await vi.waitFor(() => expect(state().job).toBeUndefined());
    expect(state()).toMatchObject({ isComparing: true, shown: { recipe: { negative: "fog" } } });
    expect(drawn()).toBe(1);
  });
});

describe("a link that does not say it", () => {
  test("brings the picture that is kept", async () => {
    const keep = keepingInMemory();
    const first = setUp({ revision: NEW }, "prompt=a+pier&seed=5", keep);
    await draw(first.app);
    await first.isKept(1);
    const { app, state, drawn } = setUp({ revision: NEW }, "prompt=a+pier&seed=5", keep);
    await app.start();
    expect(state().shown).toMatchObject({ recipe: { prompt: "a pier", revision: NEW } });
    expect(drawn()).toBe(0);
  });
});

describe("networks that had to compute in float32", () => {
  test("are in the recipe, and one that says others is drawn all the same, which is said", async () => {
    const version: Version = { inFloat32: ["autoencoder"] };
    const { app, queries, state } = setUp(version, "prompt=a+pier&seed=5");
    await app.start();
    expect(state().shown?.recipe.inFloat32).toEqual(["autoencoder"]);
    expect(queries.at(-1)).toContain("float32=autoencoder");
    expect(state().notice).toBeUndefined();
    await app.openLink("prompt=a+pier&seed=6&float32=autoencoder%2Cdenoiser");
    expect(state()).toMatchObject({
      shown: { recipe: { seed: "6", inFloat32: ["autoencoder"] } },
      notice: expect.stringContaining("with its decoder and denoiser in 32 bits"),
    });
    await app.openLink("prompt=a+pier&seed=7");
    expect(state().notice, "control: one of before that was written").toBeUndefined();
  });
});

describe("a link of another version of the model", () => {
  test("is drawn all the same, by the one that is here, and that is said once", async () => {
    const { app, state, drawn } = setUp({ revision: NEW }, `prompt=a+pier&seed=5&revision=${OLD}`);
    await app.start();
    expect(drawn()).toBe(1);
    expect(state().shown?.recipe).toMatchObject({ prompt: "a pier", revision: NEW });
    expect(state().notice).toContain(OLD);
    app.edit({ prompt: "a harbour" });
    await app.draw();
    expect(state().notice).toBeUndefined();
  });

  test("or of other weights is said too, and in an open page", async () => {
    const { app, state } = setUp({ revision: NEW });
    await draw(app);
    await app.openLink(`prompt=a+pier&seed=5&revision=${NEW}&weights=q8`);
    expect(state().notice).toContain("8-bit weights");
    expect(state().shown?.recipe).toMatchObject({ prompt: "a pier", revision: NEW });
  });

  test.each(["prompt=a+pier&seed=5", `prompt=a+pier&seed=5&revision=${NEW}`])("control: nothing is said of %s", async (query) => {
    const { app, state } = setUp({ revision: NEW }, query);
    await app.start();
    expect(state()).toMatchObject({ shown: { recipe: { revision: NEW } }, notice: undefined });
  });

  test("says nothing of the model that somebody chooses in its place", () => {
    const { app, queries } = setUp({ revision: NEW }, `prompt=a+pier&revision=${OLD}&weights=q8`);
    app.edit({ model: "sd-turbo" });
    app.keepDraft();
    expect(queries.at(-1)).not.toMatch(/revision|weights/);
  });
});

describe("a rule that a recipe asks for", () => {
  test("is drawn with and stays with the model, until somebody takes it out", async () => {
    const { app, queries, state } = setUp({}, "prompt=a+pier&seed=5&sampler=tcd&prediction=v_prediction");
    await app.start();
    expect(state().shown?.recipe).toMatchObject({ sampler: "tcd", prediction: "v_prediction" });
    expect(queries.at(-1)).toContain("sampler=tcd&prediction=v_prediction");
    await app.draw();
    expect(state().shown?.recipe.sampler).toBe("tcd");
    await app.openLink("prompt=a+pier&seed=6");
    expect(state().shown?.recipe, "a link that asks for none").not.toHaveProperty("sampler");
    app.edit({ sampler: "euler" });
    app.edit({ model: "sd-turbo" });
    expect(state().draft.sampler, "another model's").toBeUndefined();
  });
});
