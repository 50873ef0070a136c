// What other tools write is read field by field, and what is written here can be read back.
import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutEmphasis } from "../common/emphasis";
import { RECIPE } from "../common/testing/fakes";
import { parametersOf, readParameters } from "./parameters";

test("a picture of another tool: what means the same is taken, the rest is named", () => {
  const text = [
    "a fox, (masterpiece:1.2)",
    "second line",
    "Negative prompt: blurry,",
    "ugly",
    'Steps: 4, Sampler: LCM, CFG scale: 1.5, Seed: 2904, Size: 512x768, Model hash: abc, Model: dream, Lora hashes: "a: 1, b: 2", Version: v1.9',
  ].join("\n");
  expect(readParameters(text)).toEqual({
    tool: undefined,
    taken: { prompt: "a fox, (masterpiece:1.2) second line", negative: "blurry, ugly", steps: 4, seed: "2904", width: 512, height: 768 },
    left: ["Sampler", "CFG scale", "Model hash", "Model", "Lora hashes", "Version"],
  });
});

test.each([
  ["more steps than a student takes", "Steps: 30, Seed: 1", ["Steps"]],
  ["a seed that is none", "Steps: 1, Seed: -1", ["Seed"]],
  ["sizes that are none", "Steps: 1, Size: 0x99999", ["Size"]],
])("%s is left, and said", (_, line, left) => {
  expect(readParameters(`a fox\n${line}`)).toMatchObject({ taken: { prompt: "a fox" }, left });
});

test.each(["", "a fox", "{}", "Steps: many, Seed: 1", "a fox\nNegative prompt: fog"])("%j is no such text", (text) => {
  expect(readParameters(text)).toBeUndefined();
});

test("what is written is read back", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", " ", ",", ":", "\\", "(", "]", '"', "é", "🦊") }).map((text) => text.trim());
  fc.assert(
    fc.property(texts, texts, fc.integer({ min: 1, max: 4 }), (prompt, negative, steps) => {
      const recipe = { ...RECIPE, prompt, negative, steps };
      const { seed, width, height } = recipe;
      const rest = { steps, seed, width, height };
      // Other tools read every bracket as a weight, so those that mean none are written as plain ones.
      const plain = { prompt: withoutEmphasis(prompt), negative: withoutEmphasis(negative) };
      expect(readParameters(parametersOf(recipe))?.taken).toEqual({ ...plain, ...rest });
      expect(readParameters(parametersOf({ ...recipe, emphasis: "a1111" }))?.taken).toEqual({ prompt, negative, ...rest });
    }),
  );
  expect(parametersOf({ ...RECIPE, negative: "fog", steering: { method: "nasa", scale: 0.5 } })).toContain("Negative steering: NASA 0.5");
  expect(parametersOf({ ...RECIPE, revision: "b261bac6fd2c", weights: "q8" })).toContain("Model revision: b261bac6fd2c, Weights: q8");
  expect(parametersOf({ ...RECIPE, sampler: "euler", prediction: "v_prediction" })).toMatch(
    /Steps: 1, Sampler: Euler, Schedule type: SGM Uniform, .*Prediction: v_prediction/,
  );
  expect(parametersOf(RECIPE), "control: a model's own rule has no name there").not.toContain("Sampler");
  const merged = { ...RECIPE, inFloat32: ["denoiser"], loras: [{ name: "ink, old", weight: 0.5, hash: "b261bac6fd2c" }] } as const;
  expect(parametersOf(merged)).toContain('In float32: denoiser, LoRAs: "ink, old:0.5@b261bac6fd2c"');
  expect(readParameters(parametersOf(merged))?.left).toEqual(expect.arrayContaining(["In float32", "LoRAs"]));
});
