// When a model is loaded anew, because something else is to be merged into it or it is to be kept in other numbers.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { ModelNumbers } from "../common/model-numbers";
import type { Recipe } from "../common/recipe";
import { RECIPE } from "../common/testing/fakes";
import type { Backend } from "../worker/backend";
import { gradientBackend } from "../worker/testing/gradient-backend";
import { superviseGenerator, type GeneratorOptions } from "./generator";
import { SUPERVISION } from "./supervision";
import { sameThreadWorkers } from "./testing/same-thread";

function generatorOf(backend: Backend, sources: Pick<GeneratorOptions, "loraOf" | "filesOf" | "numbersOf">) {
  const { spawn } = sameThreadWorkers(async () => backend);
  return superviseGenerator(spawn, { modelsRoot: "https://page.example/models/" }, "wait", SUPERVISION, sources);
}

test("a model is loaded anew for other LoRAs, with their files, and not for another weight of the same", async () => {
  const handed: (string | undefined)[] = [];
  const backend = gradientBackend();
  const listening: Backend = {
    ...backend,
    load: (id, engine, hooks, files, loras) => {
      handed.push(...(loras ?? []).map(({ name, file }) => `${name} of ${file?.size} bytes`));
      return backend.load(id, engine, hooks, files, loras);
    },
  };
  const ink = new Blob(["12345"]);
  const generator = generatorOf(listening, { loraOf: (name) => (name === "ink" ? ink : undefined) });
  const drawn = (...loras: NonNullable<Recipe["loras"]>) => generator.generate({ ...RECIPE, loras });
  await generator.generate(RECIPE);
  await drawn({ name: "ink", weight: 1 });
  await drawn({ name: "ink", weight: 0.5 });
  expect(backend.loaded).toHaveLength(2);
  await drawn({ name: "ink", weight: 0.5 }, { name: "far", weight: 1 });
  await generator.generate(RECIPE);
  expect(backend.loaded).toHaveLength(4);
  expect(handed).toEqual(["ink of 5 bytes", "ink of 5 bytes", "far of undefined bytes"]);
});

test("a model is loaded anew for another file under a LoRA's name, and under its own", async () => {
  const backend = gradientBackend();
  let [ink, model] = [new Blob(["first"]), 1];
  const files = new Map<string, Blob>();
  const plan = { model: RECIPE.model, title: "Gradient", license: undefined, repositories: [] };
  const generator = generatorOf(backend, { loraOf: () => ink, filesOf: async () => ({ plan, files, edition: model }) });
  const drawn = () => generator.generate({ ...RECIPE, loras: [{ name: "ink", weight: 1 }] });
  await drawn();
  await drawn();
  expect(backend.loaded, "control").toHaveLength(1);
  // As long as the one before, and of the same name.
  ink = new Blob(["other"]);
  await drawn();
  expect(backend.loaded).toHaveLength(2);
  model = 2;
  await drawn();
  await drawn();
  expect(backend.loaded).toHaveLength(3);
});

test("a LoRA's file that takes the place of another while the GPU is lost is for the next picture", async () => {
  const handed: (Blob | undefined)[] = [];
  let ink = new Blob(["first"]);
  const backend = gradientBackend([undefined, "lose"], 2);
  const listening: Backend = {
    ...backend,
    load: (id, engine, hooks, files, loras = []) => {
      handed.push(...loras.map(({ file }) => file));
      return backend.load(id, engine, hooks, files, loras);
    },
  };
  const workers = sameThreadWorkers(async (number) => (number === 0 ? listening : { ...listening, lost: new Promise(() => undefined) }));
  const generator = superviseGenerator(workers.spawn, { modelsRoot: "https://page.example/models/" }, "wait", SUPERVISION, {
    loraOf: () => ink,
  });
  const recipe = (seed: string): Recipe => ({ ...RECIPE, seed, loras: [{ name: "ink", weight: 1 }] });
  const drawing = await generator.generateTogether([recipe("1"), recipe("2")], { onDrawn: () => void (ink = new Blob(["other"])) });
  expect([drawing.length, workers.spawned()]).toEqual([2, 2]);
  // As the worker gets them, they are copies.
  const texts: (string | undefined)[] = [];
  for (const file of handed) texts.push(await file?.text());
  expect(texts).toEqual(["first", "first"]);
  await generator.generate(recipe("3"));
  expect(await handed.at(-1)?.text(), "control").toBe("other");
});

test("the same LoRA file in another object is known by its bytes, and nothing is loaded for it", async () => {
  const backend = gradientBackend();
  const merging: Backend = {
    ...backend,
    load: async (id, engine, hooks, files, loras = []) => {
      const model = await backend.load(id, engine, hooks, files, loras);
      const hashed = loras.map(async ({ name, weight, file = expect.fail("it is handed over") }) => {
        const hash = createHash("sha256")
          .update(await file.bytes())
          .digest("hex")
          .slice(0, 12);
        return { name, weight, hash };
      });
      return { ...model, facts: { ...model.facts, loras: await Promise.all(hashed) } };
    },
  };
  let text = "first";
  const generator = generatorOf(merging, { loraOf: () => new Blob([text]) });
  const drawn = () => generator.generate({ ...RECIPE, loras: [{ name: "ink", weight: 1 }] });
  await drawn();
  await drawn();
  expect(backend.loaded).toHaveLength(1);
  text = "other";
  await drawn();
  await drawn();
  expect(backend.loaded).toHaveLength(2);
});

test("a model is loaded anew for another format of its weights, with what the page knows of its numbers at that moment", async () => {
  const handed: ModelNumbers[] = [];
  const backend = gradientBackend();
  const listening: Backend = {
    ...backend,
    load: (id, engine, hooks, files, loras, known = {}) => {
      handed.push(known);
      return backend.load(id, engine, hooks, files, loras);
    },
  };
  let numbers: ModelNumbers = {};
  const generator = generatorOf(listening, { numbersOf: () => numbers });
  await generator.load("gradient");
  // What the guard has found is the worker's own news: it has it already.
  numbers = { inFloat32: ["autoencoder"] };
  await generator.generate(RECIPE);
  expect(handed).toEqual([{}]);
  numbers = { inFloat32: ["autoencoder"], weights: "q8" };
  await generator.generate(RECIPE);
  await generator.load("gradient");
  expect(handed).toEqual([{}, numbers]);
  // To try float16 again is news, each time that something had broken before.
  for (const time of [3, 4]) {
    numbers = { weights: "q8", inFloat32: [] };
    await generator.load("gradient");
    await generator.generate(RECIPE);
    expect(handed).toHaveLength(time);
    numbers = { weights: "q8", inFloat32: ["autoencoder"] };
    await generator.generate(RECIPE);
  }
  expect(handed).toHaveLength(4);
});
