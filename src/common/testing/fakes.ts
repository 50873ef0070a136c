// A recipe and a model's facts for tests. A test changes the field that it is about.
import type { ModelFacts } from "../model-facts";
import type { Recipe } from "../recipe";

export const RECIPE: Recipe = {
  model: "gradient",
  prompt: "a hill",
  negative: "",
  steering: { method: "none" },
  steps: 1,
  seed: "7",
  width: 32,
  height: 16,
};

export const FACTS: ModelFacts = {
  id: "gradient",
  title: "Gradient",
  license: { id: "MIT" },
  weightBytes: 1_000,
  defaultSize: 32,
  trainedSizes: [{ side: 32, multiple: 16 }],
  maxSteps: 4,
  steering: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.5 },
    nag: { method: "nag", scale: 2, tau: 2.5, alpha: 0.5, sigmaEnd: 4 },
    vsf: { method: "vsf", scale: 2, offset: 0.1 },
    sigmaEnd: 4,
  },
  readsPictures: true,
  adapter: "cpu",
  parts: [{ name: "unet", engine: "wgsl", byteLength: 1_000 }],
};
