// Which recipe the controls make: its seed and its steering; and what happens where that picture is there already.
import { describe, expect, test, vi } from "vitest";
import { keepingInMemory } from "./gallery/gallery";
import type { Generator } from "../library";
import { createApp } from "./store";
import { draw, IDLE, MODEL, NO_MODELS_KEPT, setUp } from "./testing/fake-app";

describe("seeds", () => {
  test("a loose one is rolled after each picture, a kept one stays", async () => {
    const { app, asked } = setUp();
    await app.start();
    await app.draw();
    expect(asked[1]?.seed).not.toBe(asked[0]?.seed);
    app.edit({ seedKept: true });
    await app.draw();
    await app.draw({ anew: true });
    expect(asked).toHaveLength(3);
    expect(asked[2]?.seed).toBe(asked[1]?.seed);
  });

  test("what the field says after rolling is what is drawn", async () => {
    const { app, asked, state } = setUp();
    await app.start();
    app.rollSeed();
    const { seed } = state().draft;
    await app.draw();
    expect(asked[1]?.seed).toBe(seed);
  });

  test("one that is none is an error and draws nothing", async () => {
    const { app, asked, state } = setUp();
    await draw(app, { seed: "-1", seedKept: true });
    expect(asked).toEqual([]);
    expect(state().error?.code).toBe("invalid-input");
  });
});

describe("steering", () => {
  const OFF = { method: "none" } as const;

  test("with something left out it is the model's own until someone chooses; else there is none", async () => {
    const { app, asked } = setUp();
    await draw(app, { negative: "  " });
    await draw(app, { negative: "fog" });
    await draw(app, { steering: { ...MODEL.steering.nag, scale: 1 } });
    await draw(app, { steering: { ...MODEL.steering.nag, scale: 0 } });
    expect(asked.map(({ steering }) => steering)).toEqual([OFF, MODEL.steering.nasa, { ...MODEL.steering.nag, scale: 1 }, OFF]);
  });

  test.each([
    ["negative=fog", MODEL.steering.nasa],
    ["negative=fog&steering=none", OFF],
    ["negative=fog&steering=nag,1,3,0.25,2", { method: "nag", scale: 1, tau: 3, alpha: 0.25, sigmaEnd: 2 }],
  ])("the link %s", async (query, steering) => {
    const { app, asked } = setUp(query);
    await app.start();
    expect(asked.map((recipe) => recipe.steering)).toEqual([steering]);
  });

  test("turning the dial draws nothing by itself", async () => {
    const { app, asked, state } = setUp("negative=fog");
    await app.start();
    app.steer({ ...MODEL.steering.nasa, scale: 0.1 });
    expect(asked).toHaveLength(1);
    expect(state().draft.steering).toEqual({ ...MODEL.steering.nasa, scale: 0.1 });
  });
});

describe("an identical recipe", () => {
  const HILL = { prompt: "a hill", seed: "5", seedKept: true };

  test("is shown, and neither drawn nor listed again, and the page says why nothing has changed", async () => {
    const { app, asked, state } = setUp();
    for (const _ of [1, 2]) await draw(app, HILL);
    expect(asked).toHaveLength(1);
    expect(state().notice).toContain("there already");
    await draw(app, { prompt: "a tree" });
    expect(state().notice).toBeUndefined();
    expect(state().recent.map(({ recipe }) => recipe.prompt)).toEqual(["a tree", "a hill"]);
    await vi.waitFor(() => expect(state().gallery.entries.map(({ recipe }) => recipe.prompt)).toEqual(["a tree", "a hill"]));
  });

  test("is drawn again where somebody wants that, or has chosen an engine that did not draw it", async () => {
    const { app, asked, state } = setUp();
    await draw(app, HILL);
    await app.draw({ anew: true });
    expect(asked).toHaveLength(2);
    await app.useEngine("ort-wasm");
    await app.draw();
    expect(asked).toHaveLength(3);
    await app.useEngine("wgsl");
    await app.draw();
    expect(asked, "control: this engine drew it").toHaveLength(3);
    await vi.waitFor(() => expect(state().gallery.entries).toHaveLength(1));
  });

  test("that is kept from an earlier visit is shown before any model is there", async () => {
    const keep = keepingInMemory();
    const first = setUp("", undefined, keep);
    await draw(first.app, HILL);
    await vi.waitFor(() => expect(first.state().gallery.entries).toHaveLength(1));
    const load = vi.fn<Generator["load"]>(() => new Promise(() => undefined));
    const app = createApp({ ...IDLE, load }, NO_MODELS_KEPT, first.queries.at(-1) ?? "", () => undefined, { keep });
    void app.start();
    await vi.waitFor(() => expect(app.store.getState().shown?.recipe.prompt).toBe("a hill"));
    expect(app.store.getState().model.kind).toBe("loading");
  });
});
