// A backend without a GPU, for unit tests: it draws a gradient that depends on prompt, seed
// and steps, and fails where a test asks it to. It is never part of the app.
import type { Drawing, DrawTogetherHooks } from "../../common/drawing";
import { OnestrokeError } from "../../common/errors";
import type { ModelFacts } from "../../common/model-facts";
import type { Picture } from "../../common/picture";
import type { Recipe } from "../../common/recipe";
import { FACTS } from "../../common/testing/fakes";
import { checkPicture } from "../../pipeline/check-picture";
import { fitRecipe } from "../../pipeline/fit";
import type { Backend, LoadedModel } from "../backend";

/** What can go wrong with a drawing. */
export type Fault = "throw" | "hang" | "lose" | "blank" | "die" | "deaf";

export interface GradientBackend extends Backend {
  /** Ids of the models loaded, in order. */
  readonly loaded: string[];
  /** Recipes drawn, in order. */
  readonly drawn: Recipe[];
  readonly lose: (reason: string) => void;
}

/**
 * @param faults the fault of each drawing of this backend, by the drawing's number from 0
 * @param together how many pictures it draws together
 */
export function gradientBackend(faults: readonly (Fault | undefined)[] = [], together = 1): GradientBackend {
  let lose: (reason: string) => void = () => undefined;
  const lost = new Promise<string>((resolve) => (lose = resolve));
  const loaded: string[] = [];
  const drawn: Recipe[] = [];
  let drawings = 0;

  async function draw(recipes: readonly Recipe[], hooks: DrawTogetherHooks, facts: ModelFacts): Promise<readonly Drawing[]> {
    for (const recipe of recipes) fitRecipe(recipe, facts);
    drawn.push(...recipes);
    const faulty = recipes.map((recipe) => ({ recipe, fault: faults[drawings++] }));
    hooks.onProgress?.({ stage: "encode" });
    if (faulty[0]?.fault === "hang") await new Promise(() => undefined);
    const { steps } = recipes[0] ?? { steps: 0 };
    for (let step = 1; step <= steps; step++) {
      hooks.onProgress?.({ stage: "step", step, steps, pictures: recipes.length });
      await new Promise((resolve) => setTimeout(resolve, 1));
      hooks.signal?.throwIfAborted();
      if (step < steps) recipes.forEach((recipe, index) => hooks.onPreview?.(gradient(recipe, step), step, index));
    }
    const finished: Drawing[] = [];
    for (const [index, { recipe, fault }] of faulty.entries()) {
      const drawing = await finish(recipe, fault, facts);
      hooks.onDrawn?.(drawing, index);
      finished.push(drawing);
    }
    return finished;
  }

  async function finish(recipe: Recipe, fault: Fault | undefined, facts: ModelFacts): Promise<Drawing> {
    if (fault === "throw") throw new OnestrokeError("gpu-out-of-memory", "no room");
    if (fault === "die") throw new Error("a bug");
    // Many short waits, so that supervisors' ticks come in between, however slow this machine is.
    if (fault === "deaf") for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    if (fault === "lose") {
      lose("crashed");
      await new Promise(() => undefined);
    }
    const picture = gradient(recipe, recipe.steps);
    if (fault === "blank") picture.data.fill(7);
    checkPicture(picture, recipe);
    const denoise = Array.from({ length: recipe.steps }, () => 1);
    // It does not read the text, only its length.
    const tokens = { prompt: recipe.prompt.length, negative: 0, most: 75 };
    return { recipe, picture, timings: { load: 0, compile: 0, encode: 1, denoise, decode: 1 }, tokens, model: facts };
  }

  return {
    lost,
    tellSeen: () => undefined,
    loaded,
    drawn,
    lose: (reason) => lose(reason),
    async load(id, engine = "wgsl", hooks, _, loras = []): Promise<LoadedModel> {
      hooks.onEngine?.(engine);
      hooks.onProgress?.({ stage: "load", component: "unet", loadedBytes: 0, totalBytes: 1_000 });
      await Promise.resolve();
      hooks.signal?.throwIfAborted();
      if (id.includes("missing")) throw new OnestrokeError("model-missing", "unet/config.json is not there", { file: "unet/config.json" });
      loaded.push(id);
      const facts = { ...FACTS, parts: FACTS.parts.map((part) => ({ ...part, engine })) };
      // Other weights of the same LoRAs are taken as they come, as the pipeline takes them.
      const merged = ({ loras: weighted = [] }: Recipe): ModelFacts =>
        loras.length === 0 || String(weighted.map(({ name }) => name)) !== String(loras.map(({ name }) => name))
          ? facts
          : { ...facts, loras: weighted };
      return {
        facts,
        drawTogether: async (recipes, drawHooks) => {
          const [recipe] = recipes;
          return recipe === undefined ? [] : draw(recipes.slice(0, together), drawHooks ?? {}, merged(recipe));
        },
        // As above: it counts letters.
        textLength: ({ length: tokens }) => ({ tokens, rows: 1, lastRow: tokens, perRow: 75, isLong: false }),
        meaning: (recipe) => JSON.stringify({ ...recipe, prompt: recipe.prompt.trim() }),
        dispose: async () => undefined,
      };
    },
  };
}

function gradient({ prompt, seed, width, height }: Recipe, step: number): Picture {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    data.set([(pixel * 3 + prompt.length) % 256, Number(BigInt(seed) % 251n), step * 40, 255], pixel * 4);
  }
  return { width, height, data };
}
