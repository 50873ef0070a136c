// What is remembered of a model's numbers: a chosen format of weights, and what float16 broke. Both come back in a later visit.
import { describe, expect, test } from "vitest";
import type { Engine } from "../../common/engine";
import type { ModelNumbers } from "../../common/model-numbers";
import type { Generator, KeptModel } from "../../library";
import type { TextStorage } from "../engines/quickest";
import { createApp } from "../store";
import { draw, drawingOf, IDLE, MODEL, NO_MODELS_KEPT } from "../testing/fake-app";
import { createKeptNumbers, type KeptNumbers } from "./kept-numbers";

function storage(): TextStorage & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, text) => void texts.set(key, text),
    removeItem: (key) => void texts.delete(key),
  };
}

describe("what is kept", () => {
  test("holds for its model alone, in another visit too, and each part is changed by itself", () => {
    const kept = storage();
    const first = createKeptNumbers(() => kept);
    first.keep("sd-turbo", { weights: "q8" });
    first.keep("sd-turbo", { inFloat32: ["autoencoder"] });
    const later = createKeptNumbers(() => kept);
    expect(later.of("sd-turbo")).toEqual({ weights: "q8", inFloat32: ["autoencoder"] });
    expect(later.of("vignette")).toEqual({});
    later.keep("sd-turbo", { weights: undefined });
    expect(createKeptNumbers(() => kept).of("sd-turbo")).toEqual({ inFloat32: ["autoencoder"] });
    later.keep("sd-turbo", { inFloat32: undefined });
    expect(kept.texts.size).toBe(0);
  });

  test.each(["", "{", "null", "[]", '{"weights":"q2","inFloat32":["unet"]}', '{"inFloat32":{"length":1}}'])("%j says nothing", (text) => {
    const kept = storage();
    kept.setItem("onestroke-numbers sd-turbo", text);
    expect(createKeptNumbers(() => kept).of("sd-turbo")).toEqual({});
  });

  test("what no later visit can use is left out, and the rest holds", () => {
    const kept = storage();
    kept.setItem("onestroke-numbers sd-turbo", '{"weights":"q4","inFloat32":["vae","denoiser"]}');
    expect(createKeptNumbers(() => kept).of("sd-turbo")).toEqual({ weights: "q4", inFloat32: ["denoiser"] });
  });

  test("lasts for the visit where the browser denies storage", () => {
    const denied = createKeptNumbers(() => {
      throw new DOMException("denied", "SecurityError");
    });
    denied.keep("sd-turbo", { weights: "q4" });
    expect(denied.of("sd-turbo")).toEqual({ weights: "q4" });
  });
});

/** An app whose model has the weights that it is asked for; its pictures break in float16 as it is told. */
function setUp(numbers: KeptNumbers, broken: () => ModelNumbers["inFloat32"] = () => undefined) {
  const loaded: ModelNumbers[] = [];
  const used: (Engine | undefined)[] = [];
  const facts = () => {
    const { weights = "published" } = numbers.of(MODEL.id);
    return { ...MODEL, parts: MODEL.parts.map((part) => ({ ...part, weights: weights === "published" ? ("f16" as const) : weights })) };
  };
  const generator: Generator = {
    ...IDLE,
    useEngine: (engine) => void used.push(engine),
    load: async (id) => {
      loaded.push(numbers.of(id));
      return facts();
    },
    generate: async (recipe) => {
      const inFloat32 = broken();
      return { ...drawingOf(recipe), model: { ...facts(), ...(inFloat32 && { inFloat32 }) } };
    },
  };
  const app = createApp(generator, NO_MODELS_KEPT, "", () => undefined, { numbers });
  return { app, loaded, state: () => app.store.getState() };
}

describe("weights", () => {
  test("that are chosen are loaded at once and in later visits, and the same recipe is drawn with them", async () => {
    const kept = storage();
    const { app, loaded, state } = setUp(createKeptNumbers(() => kept));
    await draw(app);
    const before = state().shown;
    await app.useWeights("q8");
    expect(state().numbers.weights).toBe("q8");
    expect(loaded).toEqual([{}, { weights: "q8" }]);
    await app.draw({ keepsSeed: true });
    expect(state().shown).not.toBe(before);
    expect(state().shown?.model?.parts.map(({ weights }) => weights)).toEqual(["q8"]);
    const drawn = state().shown;
    await app.draw({ keepsSeed: true });
    expect(state().shown).toBe(drawn);

    const later = setUp(createKeptNumbers(() => kept));
    expect(later.state().numbers.weights).toBe("q8");
    await later.app.useWeights(undefined);
    expect(createKeptNumbers(() => kept).of(MODEL.id)).toEqual({});
  });

  test("are each model's own", async () => {
    const { app, state } = setUp(createKeptNumbers(storage));
    await app.useWeights("q4");
    app.edit({ model: "sd-turbo" });
    expect(state().numbers).toEqual({});
    app.edit({ model: MODEL.id });
    expect(state().numbers).toEqual({ weights: "q4" });
  });
});

describe("products", () => {
  test("by the table are one choice for all models, and load the model again, here and in later visits", async () => {
    const kept = storage();
    const { app, loaded, state } = setUp(createKeptNumbers(() => kept));
    await draw(app);
    await app.useWeights("q8");
    await app.useProducts("table");
    expect(loaded.at(-1)).toEqual({ weights: "q8", products: "table" });
    app.edit({ model: "sd-turbo" });
    expect(state().numbers).toEqual({ products: "table" });

    const later = setUp(createKeptNumbers(() => kept));
    expect(later.state().numbers).toEqual({ weights: "q8", products: "table" });
    await later.app.useProducts(undefined);
    expect(later.state().numbers).toEqual({ weights: "q8" });
    expect(createKeptNumbers(() => kept).of(MODEL.id)).toEqual({ weights: "q8" });
    expect([...kept.texts.keys()]).toEqual([`onestroke-numbers ${MODEL.id}`]);
  });

  test("stay so where something else is changed", () => {
    const numbers = createKeptNumbers(storage);
    numbers.keep("sd-turbo", { products: "table" });
    numbers.keep("vignette", { inFloat32: ["denoiser"] });
    expect(numbers.of("vignette")).toEqual({ inFloat32: ["denoiser"], products: "table" });
    expect(numbers.of("sd-turbo")).toEqual({ products: "table" });
  });

  test("that another tab has chosen stay where something else is changed here", () => {
    const kept = storage();
    const here = createKeptNumbers(() => kept);
    createKeptNumbers(() => kept).keep("vignette", { products: "table" });
    here.keep("vignette", { inFloat32: ["denoiser"] });
    expect(createKeptNumbers(() => kept).of("vignette")).toEqual({ inFloat32: ["denoiser"], products: "table" });
    here.keep("vignette", { products: undefined });
    expect(createKeptNumbers(() => kept).of("vignette"), "control").toEqual({ inFloat32: ["denoiser"] });
  });

  test("are as measured where what is kept says anything else", () => {
    const kept = storage();
    kept.setItem("onestroke-products", "tables");
    expect(createKeptNumbers(() => kept).of("vignette")).toEqual({});
  });
});

describe("a network that float16 broke", () => {
  test("is remembered for its model", async () => {
    const kept = storage();
    const { app, state } = setUp(
      createKeptNumbers(() => kept),
      () => ["autoencoder"],
    );
    await draw(app);
    expect(state().numbers.inFloat32).toEqual(["autoencoder"]);
    expect(createKeptNumbers(() => kept).of(MODEL.id)).toEqual({ inFloat32: ["autoencoder"] });
  });

  test("is tried in float16 again when somebody asks, and an older picture that is shown again is no news", async () => {
    const kept = storage();
    const numbers = createKeptNumbers(() => kept);
    const broken: { current: ModelNumbers["inFloat32"] } = { current: ["autoencoder"] };
    const { app, loaded, state } = setUp(numbers, () => broken.current);
    await draw(app, { seed: "1" });
    await app.tryFloat16();
    expect(loaded.at(-1)).toEqual({ inFloat32: [] });
    expect(state().numbers.inFloat32).toEqual([]);
    expect(kept.texts.size, "a later visit knows nothing of it").toBe(0);
    broken.current = undefined;
    await draw(app, { seed: "2" });
    await app.undo();
    expect(state().shown?.model?.inFloat32).toEqual(["autoencoder"]);
    expect(numbers.of(MODEL.id).inFloat32).toEqual([]);
    broken.current = ["denoiser"];
    await draw(app, { seed: "3" });
    expect(numbers.of(MODEL.id).inFloat32, "control").toEqual(["denoiser"]);
  });

  test("control: a picture that is whole changes nothing", async () => {
    const kept = storage();
    const numbers = createKeptNumbers(() => kept);
    numbers.keep(MODEL.id, { inFloat32: ["denoiser"] });
    await draw(setUp(numbers).app);
    expect(numbers.of(MODEL.id)).toEqual({ inFloat32: ["denoiser"] });
  });

  test("is forgotten with a model that is removed", () => {
    const numbers = createKeptNumbers(storage);
    numbers.keep("owner/gone", { inFloat32: ["denoiser"], weights: "q8" });
    numbers.keep("owner/stays", { weights: "q8" });
    const { app } = setUp(numbers);
    const model = (id: string): KeptModel => ({
      plan: { model: id, title: id, license: undefined, repositories: [] },
      hereBytes: 1,
      totalBytes: 1,
      isComplete: true,
      isChecked: true,
    });
    const keep = (...kept: readonly KeptModel[]): void => app.store.setState(({ models }) => ({ models: { ...models, kept } }));
    keep(model("owner/gone"), model("owner/stays"));
    keep(model("owner/stays"));
    expect(numbers.of("owner/gone")).toEqual({ weights: undefined, inFloat32: undefined });
    expect(numbers.of("owner/stays")).toEqual({ weights: "q8" });
    app.edit({ model: "owner/stays" });
    keep();
    expect(app.store.getState().numbers.weights, "of the model of the controls too").toBeUndefined();
  });
});
