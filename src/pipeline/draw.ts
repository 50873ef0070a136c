// A recipe becomes a picture, or several that differ in their noise alone become pictures together. `#denoise` reads as the algorithm does
// in the papers, and there is one for every engine: the computations it awaits are behind the interface in engine.ts.
import type { Drawing, DrawHooks, DrawTogetherHooks, TextLength, Timings } from "../common/drawing";
import type { Emphasis } from "../common/emphasis";
import { invariant, OnestrokeError } from "../common/errors";
import { MOST_TOGETHER } from "../common/limits";
import { madeBy } from "../common/made-with";
import type { ModelFacts } from "../common/model-facts";
import type { Picture } from "../common/picture";
import type { Recipe } from "../common/recipe";
import { isSameLoras } from "../common/recipe-lora";
import { checkSameButNoise } from "../common/same-but-noise";
import { neededRows } from "../common/text-rows";
import { noiseOf, type NoiseSource } from "../samplers/noise/noise-source";
import { maxSteps, scheduleFor, type Sampler } from "../samplers/sampler";
import { withPrediction } from "../samplers/scheduler-file";
import type { SamplerStep } from "../samplers/schedule";
import { effectiveSteering, steeringAt } from "../steering/schedule";
import { checkPicture } from "./check-picture";
import type { Condition, Denoising, Measured, ModelEngine } from "./engine";
import { guarded, isBroken } from "./float16-guard";
import { fitRecipe, fittingStart } from "./fit";
import { meaningOf } from "./meaning";
import { PreviewPace, type Previews } from "./previews";
import { Texts, type AskedText } from "./texts";
import { shareOf, sumOf, Work } from "./work";

/** Milliseconds that loading took; the first picture's timings include them. */
export type LoadTimings = Pick<Timings, "load" | "compile">;

/** A recipe, and its place among those that were asked for. */
interface Asked {
  readonly recipe: Recipe;
  readonly index: number;
}

export class Model {
  readonly #engine: ModelEngine;
  readonly #texts: Texts;
  readonly #previews = new PreviewPace();
  #unpaid: LoadTimings;

  constructor(engine: ModelEngine, loading: LoadTimings) {
    this.#engine = engine;
    this.#texts = new Texts(engine.textEncoders);
    this.#unpaid = loading;
  }

  get facts(): ModelFacts {
    const { facts, widening } = this.#engine;
    return widening.inFloat32.length === 0 ? facts : { ...facts, inFloat32: widening.inFloat32 };
  }

  /**
   * @param recipe valid, for this model
   * @param start what the recipe is drawn over, if it names a picture
   * @returns the picture with its recipe, in which stands what made it (made-with.ts)
   * @throws OnestrokeError `invalid-input`, `bad-image`, `model-*`, `gpu-*`, `cancelled`
   */
  async draw(recipe: Recipe, hooks: DrawHooks = {}, start?: Picture): Promise<Drawing> {
    const [drawing] = await this.drawTogether([recipe], hooks, start);
    invariant(drawing !== undefined, "a recipe is a picture");
    return drawing;
  }

  /**
   * Draws as many of the recipes as are denoised together here, from the first on: one where pictures are drawn in turn.
   * @param recipes valid, and the same but for their noise
   * @param start what all of them are drawn over, if they name a picture
   * @returns the pictures of the first recipes, in their order
   * @throws OnestrokeError as `draw`; pictures that `onDrawn` has heard of are whole
   */
  async drawTogether(recipes: readonly Recipe[], hooks: DrawTogetherHooks = {}, start?: Picture): Promise<readonly Drawing[]> {
    checkSameButNoise(recipes);
    await this.#reweigh(recipes[0], new Work(hooks));
    const drawings: Drawing[] = [];
    const { widening } = this.#engine;
    const timer = hooks.timesKernels === true ? this.#engine.timeKernels?.() : undefined;
    const drawn = async ({ recipe, index }: Asked, picture: Picture, timings: Timings): Promise<void> => {
      const kernels = await timer?.read();
      const drawing = { ...this.#drawingOf(recipe, picture, timings), ...(kernels && { kernels }) };
      drawings[index] = drawing;
      hooks.onDrawn?.(drawing, index);
    };
    // Where float16 breaks a picture it is drawn once more, and only that one is timed.
    const attempt = (asked: readonly Asked[]): Promise<readonly Asked[]> =>
      guarded(widening, () => this.#drawOnce(asked, hooks, start, drawn));
    const asked = recipes.slice(0, MOST_TOGETHER).map((recipe, index) => ({ recipe, index }));
    try {
      for (const broken of await attempt(asked)) await attempt([broken]);
    } finally {
      timer?.end();
    }
    return drawings;
  }

  #drawingOf(recipe: Recipe, picture: Picture, timings: Timings): Drawing {
    const model = this.facts;
    return {
      recipe: madeBy(model, recipe),
      picture,
      timings: this.#pay(timings),
      tokens: this.#texts.tokens(recipe),
      model,
    };
  }

  /** A recipe with the model's LoRAs at other weights is drawn with those: what they touch is merged anew. */
  async #reweigh({ loras = [] }: Recipe, work: Work): Promise<void> {
    const now = this.facts.loras ?? [];
    const areSame = loras.length === now.length && loras.every(({ name }, index) => name === now[index]?.name);
    if (!areSame || isSameLoras(loras, now) || this.#engine.reweigh === undefined) return;
    const weights = loras.map(({ weight }) => weight);
    try {
      if (await this.#engine.reweigh(weights, work)) this.#texts.forget();
    } catch (error) {
      this.#texts.forget();
      throw error;
    }
  }

  /**
   * Draws as many of them as are denoised together.
   * @returns those of several that came out broken: the others are whole
   * @throws OnestrokeError as `draw`; `bad-image` where there was one
   */
  async #drawOnce(
    asked: readonly Asked[],
    hooks: DrawHooks,
    start: Picture | undefined,
    drawn: (asked: Asked, picture: Picture, timings: Timings) => Promise<void>,
  ): Promise<readonly Asked[]> {
    const work = new Work(hooks);
    const { denoising, previews } = await this.#denoise(asked, work, hooks, start);
    const together = asked.slice(0, denoising.count);
    const broken: Asked[] = [];
    try {
      // 6. The pixels of each, which are checked before they are shown.
      const shared = shareOf(work.lap(), together.length);
      for (const [place, one] of together.entries()) {
        work.throwIfCancelled();
        work.say({ stage: "decode" });
        try {
          const picture = await work.time("decode", () => denoising.decode("next", place));
          checkPicture(picture, one.recipe);
          await drawn(one, picture, sumOf(shared, work.lap()));
        } catch (error) {
          if (together.length === 1 || !isBroken(error)) throw error;
          broken.push(one);
        }
      }
      previews.learn(shareOf(work.timings(), together.length));
      return broken;
    } finally {
      denoising.end();
    }
  }

  /** How long a text is for this model. Undefined where the model reads no texts. */
  textLength(text: string, emphasis: Emphasis | undefined): TextLength | undefined {
    return this.#texts.length(text, emphasis);
  }

  /**
   * The recipe with the rows of tokens that its texts need, at most so many. Where they need no more than are read anyway, it is the same.
   */
  withRows(recipe: Recipe, maxRows: number): Recipe {
    const { prompt, negative, emphasis, steering } = recipe;
    const [read, alsoRead] = [this.textLength(prompt, emphasis), this.textLength(negative, emphasis)];
    if (maxRows < 2 || read === undefined || alsoRead === undefined) return recipe;
    const rows = neededRows({ prompt: read, negative: alsoRead }, effectiveSteering(steering, negative).method !== "none");
    return rows === undefined ? recipe : { ...recipe, rows: Math.min(maxRows, rows) };
  }

  /** What the recipe comes to here: recipes of one meaning are one picture. */
  meaning(recipe: Recipe): string {
    return meaningOf(recipe, this.#texts);
  }

  /** What `draw` draws, as numbers that can be compared with a reference. */
  async measure(recipe: Recipe): Promise<Measured> {
    const { denoising } = await this.#denoise([{ recipe, index: 0 }], new Work(), {}, undefined);
    try {
      return await denoising.measure();
    } finally {
      denoising.end();
    }
  }

  /**
   * Measures how the model is best computed here, while nobody waits for a picture (engine.ts says more).
   * @param budgetMs how long; a while if not given
   */
  async tune({ signal }: Pick<DrawHooks, "signal"> = {}, budgetMs?: number): Promise<void> {
    await this.#engine.tune?.(new Work({ signal }), budgetMs);
  }

  dispose(): Promise<void> {
    return this.#engine.dispose();
  }

  /** Runs every step up to the finished latents, which are `next` of the last step. */
  async #denoise(
    asked: readonly Asked[],
    work: Work,
    hooks: DrawHooks,
    named: Picture | undefined,
  ): Promise<{ readonly denoising: Denoising; readonly previews: Previews }> {
    // 1. What the recipes ask of this model: all of them the same.
    const recipe = asked[0]?.recipe;
    invariant(recipe !== undefined, "something is asked for");
    const sampler = withPrediction(this.#engine.samplerOf(recipe.sampler), recipe.prediction);
    fitRecipe(recipe, { ...this.facts, maxSteps: this.#mostSteps(recipe, sampler) });
    const start = fittingStart(recipe, named);
    const { channels, of } = this.#engine.latent;
    const { width, height } = of(recipe);
    const schedule = scheduleFor(sampler, recipe.steps);
    const steering = effectiveSteering(recipe.steering, recipe.negative);

    // 2. The texts, in the form that the denoiser reads.
    work.say({ stage: "encode" });
    const condition = await this.#read(recipe, work);

    // 3. The first samples: noise, or a picture under noise at the level of the first step taken. They are made where there is room for them.
    const noiseSources = asked.map((one) => noiseOf(one.recipe));
    const draw = (noiseSource: NoiseSource): Float32Array => noiseSource(channels * height * width);
    const steps = schedule.steps.slice(-stepsTaken(recipe));
    const latent = start && (await work.time("encode", () => this.#engine.encodePicture(start, work)));
    const samples = noiseSources.map((noiseSource) => (): Float32Array => {
      const first = draw(noiseSource);
      return latent === undefined ? first.map((value) => value * schedule.initialNoiseScale) : noised(latent, first, steps[0]);
    });

    // 4. The networks for this size, with room for these texts, and for as many pictures as go together.
    const denoising = await this.#engine.begin(samples, condition, recipe, work);
    const together = asked.slice(0, denoising.count);
    const previews = this.#previews.of(recipe, recipe.width / width, steps.length, hooks);
    try {
      // 5. Every step, and previews after those that can be afforded.
      for (const [index, step] of steps.entries()) {
        work.throwIfCancelled();
        work.say({ stage: "step", step: index + 1, steps: steps.length, pictures: together.length });
        const noises = step.next.noise === 0 ? undefined : noiseSources.slice(0, together.length).map(draw);
        const isShown = denoising.hidesSteps !== true && index + 1 < steps.length && previews.isDue(index + 1);
        await work.time("denoise", () => denoising.step(step, steeringAt(steering, index, step.sigma), noises, isShown));
        if (!isShown) continue;
        for (const [place, one] of together.entries()) {
          work.throwIfCancelled();
          previews.show(await work.time("decode", () => denoising.decode("x0", place)), index + 1, one.index);
        }
      }
      return { denoising, previews };
    } catch (error) {
      denoising.end();
      throw error;
    }
  }

  #mostSteps({ sampler: rule }: Recipe, sampler: Sampler): number {
    return rule === undefined ? this.facts.maxSteps : (this.#engine.madeForSteps ?? maxSteps(sampler));
  }

  async #read({ prompt, negative, emphasis, rows, steering }: Recipe, work: Work): Promise<Condition> {
    if (this.#engine.textEncoders.length === 0) return { kind: "label", label: labelOf(prompt) };
    const { method } = effectiveSteering(steering, negative);
    const asked: AskedText[] = [{ text: prompt, reading: { emphasis, rows } }];
    if (method !== "none") asked.push({ text: negative, reading: { emphasis, rows, wordsOnly: method === "vsf" } });
    const [positive, away] = await work.time("encode", () => this.#texts.encode(asked, work));
    invariant(positive !== undefined, "a text was asked for");
    // A negative of no words, such as "()", leaves nothing to steer away from by words alone.
    if (method === "none" || away === undefined || away.tokens === 0) return { kind: "text", positive, method: undefined };
    return { kind: "text", positive, negative: away, method };
  }

  /** The first picture's timings include what loading took; later ones do not. */
  #pay(timings: Timings): Timings {
    const { load, compile } = this.#unpaid;
    this.#unpaid = { load: 0, compile: 0 };
    return { ...timings, load: timings.load + load, compile: timings.compile + compile };
  }
}

/** The last so many steps are taken: all of them, or over a picture the share that its strength says, and at least one. */
function stepsTaken({ steps, start }: Recipe): number {
  return start === undefined ? steps : Math.max(1, Math.floor(steps * start.strength));
}

function noised(latent: Float32Array, noise: Float32Array, step: SamplerStep | undefined): Float32Array {
  const { start } = step ?? { start: { picture: 1, noise: 0 } };
  return latent.map((value, i) => start.picture * value + start.noise * (noise[i] ?? Number.NaN));
}

/** A model without a text encoder draws classes, and its prompt is the number of a class. */
function labelOf(prompt: string): number {
  if (/^\s*\d{1,6}\s*$/.test(prompt)) return Number(prompt);
  throw new OnestrokeError("invalid-input", "this model draws classes, not sentences: its prompt is the number of a class", {
    field: "prompt",
  });
}
