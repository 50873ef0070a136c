// An app whose generator answers with an empty picture, at once or when the test lets it.
import { expect, vi } from "vitest";
import type { Drawing } from "../../common/drawing";
import type { Generator, ModelStore } from "../../library";
import { OnestrokeError } from "../../common/errors";
import type { ModelFacts } from "../../common/model-facts";
import { FACTS } from "../../common/testing/fakes";
import type { Recipe } from "../../common/recipe";
import { isSameRecipe } from "../comparison";
import { FIRST_DRAFT } from "../draft";
import { keepingInMemory, type Keeping } from "../gallery/gallery";
import type { Sight } from "../live/live";
import { createApp, type App } from "../store";

export const MODEL: ModelFacts = {
  ...FACTS,
  id: FIRST_DRAFT.model,
  defaultSize: FIRST_DRAFT.width,
  trainedSizes: [{ side: FIRST_DRAFT.width, multiple: 8 }],
  steering: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.3 },
    nag: { method: "nag", scale: 3, tau: 2, alpha: 0.5, sigmaEnd: 4 },
    vsf: { method: "vsf", scale: 2, offset: 0.1 },
    sigmaEnd: 4,
  },
};

export function drawingOf(recipe: Recipe): Drawing {
  // As large as the recipe says, and of one colour.
  const { width, height } = recipe;
  const picture = { width, height, data: new Uint8ClampedArray(4 * width * height).fill(255) };
  const timings = { load: 0, compile: 0, encode: 1, denoise: [2], decode: 3 };
  // As it comes back from a worker, the recipe is a copy.
  return {
    recipe: { ...recipe },
    picture,
    model: MODEL,
    timings,
    tokens: { prompt: recipe.prompt.length, negative: recipe.negative.length, most: 75 },
  };
}

/** Draws the first of several, as where the GPU gains nothing from more. */
export function inTurn(generate: Generator["generate"]): Generator["generateTogether"] {
  return async (recipes, hooks) => {
    const drawings = await Promise.all(recipes.slice(0, 1).map((recipe) => generate(recipe, hooks)));
    drawings.forEach((drawing, index) => hooks?.onDrawn?.(drawing, index));
    return drawings;
  };
}

/** It loads and draws at once. */
export const IDLE: Generator = {
  useEngine: () => undefined,
  load: async () => MODEL,
  generate: async (recipe) => drawingOf(recipe),
  generateTogether: inTurn(async (recipe) => drawingOf(recipe)),
  count: async () => undefined,
  isSamePicture: async (left, right) => isSameRecipe({ ...left, prompt: left.prompt.trim() }, { ...right, prompt: right.prompt.trim() }),
  dispose: () => undefined,
};

/** A vault that nothing is in. */
export const NO_MODELS_KEPT: ModelStore = {
  hub: "https://hub.test",
  list: async () => [],
  inspect: async () => Promise.reject(new OnestrokeError("offline", "there is no network")),
  useToken: () => undefined,
  fetch: async () => Promise.reject(new OnestrokeError("offline", "there is no network")),
  verify: async () => Promise.reject(new OnestrokeError("offline", "there is no network")),
  remove: async () => undefined,
  room: async () => ({ usedBytes: 0, freeBytes: 1e9, isPersistent: undefined, isKept: true }),
  persist: async () => false,
  lend: () => undefined,
  lendLora: () => undefined,
  loraOf: () => undefined,
  copy: async () => Promise.reject(new OnestrokeError("storage-full", "there is no room")),
  handOver: async () => undefined,
  dispose: () => undefined,
};

/** The same, where LoRAs' files are kept for the visit. */
function modelsWithLoras(): ModelStore {
  const lent = new Map<string, Blob>();
  return { ...NO_MODELS_KEPT, lendLora: (name, file) => void lent.set(name, file), loraOf: (name) => lent.get(name) };
}

/** A generator that draws at once, unless told what to do instead. */
export function setUp(
  query = "",
  generate: Generator["generate"] = async (recipe) => drawingOf(recipe),
  keep: Keeping = keepingInMemory(),
  sight?: Sight,
  change: Partial<Generator> = {},
) {
  const asked: Recipe[] = [];
  const queries: string[] = [];
  const asking: Generator["generate"] = (recipe, hooks) => {
    asked.push(recipe);
    return generate(recipe, hooks);
  };
  const generator: Generator = { ...IDLE, generateTogether: inTurn(asking), ...change, generate: asking };
  const app = createApp(generator, modelsWithLoras(), query, (kept) => queries.push(kept), {
    ...(keep && { keep }),
    ...(sight && { sight }),
  });
  return { app, asked, queries, state: () => app.store.getState() };
}

/** A generator's answer under the test's control: each picture waits until it is let through or cancelled. */
export function waiting() {
  const release: (() => void)[] = [];
  const generate: Generator["generate"] = (recipe, hooks) =>
    new Promise((resolve, reject) => {
      release.push(() => resolve(drawingOf(recipe)));
      hooks?.signal?.addEventListener("abort", () => reject(new OnestrokeError("cancelled", "cancelled")));
    });
  const isAsked = (count: number) => vi.waitFor(() => expect(release.length).toBe(count));
  return { generate, release, isAsked };
}

/** A page whose first picture is there, and whose later ones wait until they are let through. */
export async function startedThenWaiting(query = "", change: Partial<Generator> = {}) {
  const { generate, release, isAsked } = waiting();
  const page = setUp(query, generate, undefined, undefined, change);
  const start = page.app.start();
  await isAsked(1);
  release[0]?.();
  await start;
  return { ...page, release, isAsked };
}

export async function draw(app: App, change: Parameters<App["edit"]>[0] = {}): Promise<void> {
  app.edit(change);
  await app.draw();
}
