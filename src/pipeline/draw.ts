// A recipe becomes a picture. `draw` reads as the algorithm does in the papers, and there is one `draw` for every engine:
// the computations it awaits are behind the interface in engine.ts.
import type { Drawing, DrawHooks, TextLength, Timings } from "../common/drawing";
import type { Emphasis } from "../common/emphasis";
import { invariant, OnestrokeError } from "../common/errors";
import { madeBy } from "../common/made-with";
import type { ModelFacts } from "../common/model-facts";
import type { Picture } from "../common/picture";
import type { Recipe } from "../common/recipe";
import { isSameLoras } from "../common/recipe-lora";
import { neededRows } from "../common/text-rows";
import { noiseOf } from "../samplers/noise/noise-source";
import { scheduleFor } from "../samplers/sampler";
import type { SamplerStep } from "../samplers/schedule";
import { effectiveSteering, steeringAt } from "../steering/schedule";
import { checkPicture } from "./check-picture";
import type { Condition, Denoising, Measured, ModelEngine } from "./engine";
import { guarded } from "./float16-guard";
import { fitRecipe, fittingStart } from "./fit";
import { meaningOf } from "./meaning";
import { PreviewPace, type Previews } from "./previews";
import { Texts, type AskedText } from "./texts";
import { Work } from "./work";

/** Milliseconds that loading took; the first picture's timings include them. */
export type LoadTimings = Pick<Timings, "load" | "compile">;

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
    return this.#engine.facts;
  }

  /**
   * @param recipe valid, for this model
   * @param start what the recipe is drawn over, if it names a picture
   * @returns the picture with its recipe, in which stands what made it (made-with.ts)
   * @throws OnestrokeError `invalid-input`, `bad-image`, `model-*`, `gpu-*`, `cancelled`
   */
  async draw(recipe: Recipe, hooks: DrawHooks = {}, start?: Picture): Promise<Drawing> {
    await this.#reweigh(recipe, new Work(hooks));
    // Where float16 breaks a picture it is drawn once more, and only that one is timed.
    const { widening } = this.#engine;
    const { picture, timings } = await guarded(widening, () => this.#drawOnce(recipe, hooks, start));
    const { inFloat32 } = widening;
    return {
      recipe: madeBy(this.facts, recipe),
      picture,
      timings: this.#pay(timings),
      tokens: this.#texts.tokens(recipe),
      model: this.facts,
      ...(inFloat32.length === 0 ? {} : { inFloat32 }),
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

  async #drawOnce(recipe: Recipe, hooks: DrawHooks, start: Picture | undefined): Promise<Pick<Drawing, "picture" | "timings">> {
    const work = new Work(hooks);
    const previews = this.#previews.of(recipe, stepsTaken(recipe), hooks);
    const denoising = await this.#denoise(recipe, work, previews, start);
    try {
      // 6. The pixels, which are checked before they are shown.
      work.say({ stage: "decode" });
      const picture = await work.time("decode", () => denoising.decode("next"));
      checkPicture(picture, recipe);
      previews.learn(work.timings());
      return { picture, timings: work.timings() };
    } finally {
      denoising.end();
    }
  }

  /** How long a text is for this model. Undefined where the model reads no texts. */
  textLength(text: string, emphasis: Emphasis | undefined): TextLength | undefined {
    return this.#texts.length(text, emphasis);
  }

  /** The recipe with the rows of tokens that its texts need, at most so many. Where they need no more than are read anyway, it is the same. */
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
    const denoising = await this.#denoise(recipe, new Work(), undefined, undefined);
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

  /** Runs every step up to the finished latent, which is `next` of the last step. */
  async #denoise(recipe: Recipe, work: Work, previews: Previews | undefined, named: Picture | undefined): Promise<Denoising> {
    // 1. What the recipe asks of this model.
    fitRecipe(recipe, this.facts);
    const start = fittingStart(recipe, named);
    const { channels, factor } = this.#engine.latent;
    const schedule = scheduleFor(this.#engine.sampler, recipe.steps);
    const steering = effectiveSteering(recipe.steering, recipe.negative);

    // 2. The texts, in the form that the denoiser reads.
    work.say({ stage: "encode" });
    const condition = await this.#read(recipe, work);

    // 3. The first sample: noise, or a picture under noise at the level of the first step taken.
    const noiseSource = noiseOf(recipe);
    const draw = (): Float32Array => noiseSource((channels * recipe.height * recipe.width) / factor ** 2);
    const first = draw();
    const steps = schedule.steps.slice(-stepsTaken(recipe));
    const sample =
      start === undefined
        ? first.map((value) => value * schedule.initialNoiseScale)
        : noised(await work.time("encode", () => this.#engine.encodePicture(start, work)), first, steps[0]);

    // 4. The networks for this size, with room for these texts.
    const denoising = await this.#engine.begin(sample, condition, recipe, work);
    try {
      // 5. Every step, and previews after those that can be afforded.
      for (const [index, step] of steps.entries()) {
        work.throwIfCancelled();
        work.say({ stage: "step", step: index + 1, steps: steps.length });
        const noise = step.next.noise === 0 ? undefined : draw();
        const isShown = index + 1 < steps.length && previews?.isDue(index + 1) === true;
        await work.time("denoise", () => denoising.step(step, steeringAt(steering, index, step.sigma), noise, isShown));
        if (isShown) previews.show(await work.time("decode", () => denoising.decode("x0")), index + 1);
      }
      return denoising;
    } catch (error) {
      denoising.end();
      throw error;
    }
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
