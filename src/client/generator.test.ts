// Tests the page's half against a real session whose pipeline draws a gradient: what is answered,
// in which order, and what cancelling does. What follows faults is in recovery.test.ts.
import { describe, expect, test, vi } from "vitest";
import type { ErrorCode } from "../common/errors";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";
import { gradientBackend } from "../worker/testing/gradient-backend";
import { createGenerator, superviseGenerator } from "./generator";
import { code, pixels, QUICK, RECIPE, setUp } from "./testing/gradient-generator";
import { sameThreadWorkers } from "./testing/same-thread";

describe("answers", () => {
  test("the same recipe gives the same picture; another prompt or seed another", async () => {
    const { generator } = setUp();
    const first = await pixels(generator);
    expect(await pixels(generator)).toBe(first);
    expect(await pixels(generator, { prompt: "another hill" })).not.toBe(first);
    expect(await pixels(generator, { seed: "8" })).not.toBe(first);
  });

  test("progress comes in order, a preview after every step but the last", async () => {
    const { generator } = setUp();
    const stages: Progress["stage"][] = [];
    const previews: number[] = [];
    await generator.generate(
      { ...RECIPE, steps: 3 },
      { onProgress: ({ stage }) => stages.push(stage), onPreview: (_, step) => previews.push(step) },
    );
    expect(stages).toEqual(["load", "encode", "step", "step", "step"]);
    expect(previews).toEqual([1, 2]);
  });

  test("a model is loaded once", async () => {
    const backend = gradientBackend();
    const generator = superviseGenerator(
      sameThreadWorkers(async () => backend).spawn,
      { modelsRoot: "https://page.example/models/" },
      "wait",
      QUICK,
    );
    await generator.load("gradient");
    await generator.generate(RECIPE);
    await generator.generate(RECIPE);
    expect(backend.loaded).toEqual(["gradient"]);
  });
});

describe("texts are counted", () => {
  const texts = { model: "gradient", prompt: "a hill", negative: "fog" };

  test("by the worker that has their model, while a picture is drawn too; by no other, and none is started for it", async () => {
    const { generator, spawned } = setUp([["hang"]]);
    expect(await generator.count(texts)).toBeUndefined();
    expect(spawned()).toBe(0);
    await generator.load("gradient");
    expect(await generator.count(texts)).toMatchObject({ prompt: { tokens: 6, rows: 1 }, negative: { tokens: 3 } });
    expect(await generator.count({ ...texts, model: "another" })).toBeUndefined();
    const abort = new AbortController();
    const drawing = generator.generate(RECIPE, { signal: abort.signal });
    expect(await generator.count({ ...texts, prompt: "hill" })).toMatchObject({ prompt: { tokens: 4 } });
    abort.abort();
    await expect(drawing).rejects.toEqual(code("cancelled"));
  });

  test("not by a worker that is dead, and nobody waits for ever", async () => {
    // It hears where the models are, the model's load, and nothing more.
    const { generator } = setUp([], [2]);
    await generator.load("gradient");
    expect(await generator.count(texts)).toBeUndefined();
    await generator.load("gradient");
    expect(await generator.count(texts)).toBeDefined();
  });
});

describe("engines", () => {
  test("the worker's own choice, until one is asked for; another one loads the model anew", async () => {
    const backend = gradientBackend();
    const workers = sameThreadWorkers(async () => backend);
    const generator = superviseGenerator(workers.spawn, { modelsRoot: "https://page.example/models/" }, "wait", QUICK);
    const drawnBy = async () => (await generator.generate(RECIPE)).model.parts.map(({ engine }) => engine);
    expect(await drawnBy()).toEqual(["wgsl"]);
    generator.useEngine("ort-webgpu");
    expect(await drawnBy()).toEqual(["ort-webgpu"]);
    expect(await drawnBy()).toEqual(["ort-webgpu"]);
    expect(backend.loaded.length).toBe(2);
    generator.useEngine(undefined);
    expect(await drawnBy()).toEqual(["wgsl"]);
  });

  // The worker hears where the models are, then the call, then no ping, and it works longer than silence is borne.
  test.each([
    ["control: a GPU's engine that answers no pings is taken for dead", "wgsl", 2],
    ["WASM has the worker's thread to itself and is left to it", "ort-wasm", 1],
    ["ONNX Runtime prepares on that thread what its GPU computes, and is left to it", "ort-webgpu", 1],
  ] as const)("%s", async (_, engine, spawned) => {
    const workers = sameThreadWorkers(async (number) => gradientBackend(number === 0 ? ["deaf"] : []), [2]);
    const patience = { ...QUICK, stalledTicks: Infinity, quietTicks: Infinity };
    const generator = superviseGenerator(workers.spawn, { modelsRoot: "https://page.example/models/" }, "wait", patience);
    generator.useEngine(engine);
    await generator.generate(RECIPE);
    expect(workers.spawned()).toBe(spawned);
  });
});

describe("failures that leave the worker as it is", () => {
  test.each<[string, Partial<Recipe>, ErrorCode]>([
    ["more steps than the model has", { steps: 5 }, "invalid-input"],
    ["a size that is no multiple of the stride", { width: 40 }, "invalid-input"],
    ["a model that is not there", { model: "missing" }, "model-missing"],
  ])("%s", async (_, change, expected) => {
    const { generator, spawned } = setUp();
    await expect(generator.generate({ ...RECIPE, ...change })).rejects.toEqual(code(expected));
    await generator.generate(RECIPE);
    expect(spawned()).toBe(1);
  });

  test("an error of the pipeline keeps its code, message and remedy", async () => {
    const { generator, spawned } = setUp([["throw"]]);
    await expect(generator.generate(RECIPE)).rejects.toMatchObject({
      code: "gpu-out-of-memory",
      message: "no room",
      remedy: expect.stringContaining("smaller size"),
    });
    await generator.generate(RECIPE);
    expect(spawned()).toBe(1);
  });

  test("a blank picture is not shown", async () => {
    const { generator } = setUp([["blank"]]);
    await expect(generator.generate(RECIPE)).rejects.toEqual(code("bad-image"));
  });
});

describe("whether two recipes are one picture", () => {
  test("is the model's to say, and is said while a picture is drawn", async () => {
    const { generator, spawned } = setUp([["hang"]]);
    expect(await generator.isSamePicture(RECIPE, RECIPE), "nobody knows yet").toBe(false);
    expect(spawned()).toBe(0);
    await generator.load(RECIPE.model);
    const drawing = generator.generate(RECIPE);
    const changes = [{ prompt: `${RECIPE.prompt} ` }, { seed: "8" }, { model: "another" }];
    const answers = changes.map((change) => generator.isSamePicture(RECIPE, { ...RECIPE, ...change }));
    expect(await Promise.all(answers)).toEqual([true, false, false]);
    await expect(generator.isSamePicture(RECIPE, { ...RECIPE, steps: 0 })).rejects.toEqual(code("invalid-input"));

    const unanswered = generator.isSamePicture(RECIPE, RECIPE);
    generator.dispose();
    await expect(drawing).rejects.toEqual(code("cancelled"));
    expect(await unanswered, "the worker that was asked is gone").toBe(false);
  });
});

describe("cancelling", () => {
  test("a running picture stops, and the next one is drawn", async () => {
    const { generator, spawned } = setUp();
    const abort = new AbortController();
    const drawing = generator.generate({ ...RECIPE, steps: 4 }, { signal: abort.signal, onPreview: () => abort.abort() });
    await expect(drawing).rejects.toEqual(code("cancelled"));
    await generator.generate(RECIPE);
    expect(spawned()).toBe(1);
  });

  test("a waiting picture never starts", async () => {
    const { generator } = setUp();
    const abort = new AbortController();
    const started: string[] = [];
    const first = generator.generate({ ...RECIPE, steps: 4 });
    const second = generator.generate(RECIPE, { signal: abort.signal, onProgress: ({ stage }) => started.push(stage) });
    abort.abort();
    await expect(second).rejects.toEqual(code("cancelled"));
    await first;
    expect(started).toEqual([]);
  });

  test("with `replace` the newest wins and the others are cancelled", async () => {
    const { generator } = setUp([], [], "replace");
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, seed) => generator.generate({ ...RECIPE, seed: String(seed) })),
    );
    expect(results.map(({ status }) => status)).toEqual([...Array<string>(19).fill("rejected"), "fulfilled"]);
  });

  test("a worker that does not stop is replaced", async () => {
    const { generator, spawned } = setUp([["hang"]]);
    const abort = new AbortController();
    // From here on it hangs, however slow this machine is.
    const onProgress = ({ stage }: Progress) => stage === "encode" && abort.abort();
    const drawing = generator.generate(RECIPE, { signal: abort.signal, onProgress });
    await expect(drawing).rejects.toEqual(code("cancelled"));
    await generator.generate(RECIPE);
    expect(spawned()).toBe(2);
  });
});

test.each([{ modelsRoot: "https://" }, { runtimeRoot: "https://" }])("%j, which is no address, is refused by its name", (options) => {
  vi.stubGlobal("document", { baseURI: "https://page.example/" });
  expect(() => createGenerator(options)).toThrow(
    expect.objectContaining({ code: "invalid-input", detail: { field: Object.keys(options)[0] } }),
  );
  vi.unstubAllGlobals();
});
