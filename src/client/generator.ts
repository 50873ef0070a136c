// The public object of the page's half, which loads a model and draws recipes. All state that must
// outlive a crash is here and in the caller's hands, so a picture that is interrupted by a lost
// GPU or a dead worker is drawn again from its recipe and comes out the same.
import { parseAddress } from "../common/address";
import type { HandedLora, HandedModel } from "../common/download";
import { invariant, OnestrokeError, throwIfCancelled } from "../common/errors";
import type { Engine } from "../common/engine";
import type { CountedTexts, TextLengths, Drawing, DrawHooks, DrawTogetherHooks, LoadHooks } from "../common/drawing";
import type { ModelFacts } from "../common/model-facts";
import type { ModelNumbers } from "../common/model-numbers";
import type { Picture } from "../common/picture";
import { normalisePrompt, parseRecipe, type Recipe } from "../common/recipe";
import type { RecipeLora } from "../common/recipe-lora";
import { checkSameButNoise } from "../common/same-but-noise";
import type { Answer, Call, Roots } from "../protocol/messages";
// Vite bundles the worker and gives its address; the linter looks for the file as it is.
// oxlint-disable-next-line import/default
import workerScript from "../worker/entry.ts?worker&url";
import { startWorker } from "./start-worker";
import { SUPERVISION, type Supervision } from "./supervision";
import { Supervisor, type SpawnWorker } from "./supervisor";

export interface GeneratorOptions {
  /** Where the models that ship with the page are, each in its folder. The default is `models/` beside the page. */
  readonly modelsRoot?: string | URL;
  /** Where ONNX Runtime's WASM files are, under their published names. The default is beside the worker's script. */
  readonly runtimeRoot?: string | URL;
  /** Another address for the worker's script, on the page's own origin. */
  readonly workerAddress?: string | URL;
  /**
   * Gives a model's files where the browser has no storage that the worker could read them from, as `ModelStore.handOver` does. Without it
   * such a browser draws only with models that ship with the page.
   */
  readonly filesOf?: (model: string) => Promise<HandedModel | undefined>;
  /**
   * Gives the file of a LoRA that a recipe names, as `ModelStore.loraOf` does. Best is the same object for as long as it is the same file:
   * another one is read, and merged anew where its bytes are others. Without it no recipe with LoRAs is drawn.
   */
  readonly loraOf?: (name: string) => Blob | undefined;
  /** Says in which numbers a model is kept and computed here, whenever it is called for. Without it the worker takes what fits. */
  readonly numbersOf?: (model: string) => ModelNumbers;
  /** Gives the picture that a recipe is drawn over, at the recipe's size. Without it no such recipe is drawn. */
  readonly pictureOf?: (recipe: Recipe) => Picture | undefined | Promise<Picture | undefined>;
  /** Whether a new picture waits for one that is still being drawn, or replaces it. The default is `wait`. */
  readonly whenBusy?: "wait" | "replace";
}

/** How several recipes are asked for together. */
export interface TogetherHooks extends DrawTogetherHooks {
  /** Gives the files of their LoRAs in place of the generator's own, so that several calls draw with the same. */
  readonly loraOf?: GeneratorOptions["loraOf"];
}

export interface Generator {
  /** Chooses what computes from the next call on. With `undefined` the worker takes the best that it finds. */
  useEngine(engine: Engine | undefined): void;
  /** Opens the GPU, loads the model ahead of the first picture, and makes it ready for one of `hooks.size`. */
  load(modelId: string, hooks?: LoadHooks): Promise<ModelFacts>;
  /**
   * Draws one recipe. After a lost GPU or a dead worker it is tried once more by itself.
   * @throws OnestrokeError
   */
  generate(recipe: Recipe, hooks?: DrawHooks): Promise<Drawing>;
  /**
   * Draws the first of several recipes that differ in seed and variations alone: as many as the GPU gains from drawing together and has
   * room for, and at least one. Ask again for the rest. After a lost GPU or a dead worker what has not come is tried once more by itself.
   * @returns the pictures, in the order of the recipes; `hooks.onDrawn` hears of each as soon as it is there
   * @throws OnestrokeError `invalid-input` where the recipes differ otherwise, or as `generate`
   */
  generateTogether(recipes: readonly Recipe[], hooks?: TogetherHooks): Promise<readonly Drawing[]>;
  /**
   * How long texts are for a model, if it is the one that is loaded and it reads texts. It loads nothing, and does not wait for a picture.
   */
  count(texts: CountedTexts): Promise<TextLengths | undefined>;
  /**
   * Whether two recipes are one picture for the loaded model: their texts are the same tokens, and nothing else that counts is different.
   * It is answered while a picture is drawn, and draws nothing. False where nobody knows.
   * @throws OnestrokeError `invalid-input`
   */
  isSamePicture(left: Recipe, right: Recipe): Promise<boolean>;
  /** Ends the worker and rejects what is pending with `cancelled`. */
  dispose(): void;
}

export function createGenerator(options: GeneratorOptions = {}): Generator {
  const { modelsRoot = "models/", runtimeRoot, workerAddress = workerScript, whenBusy = "wait" } = options;
  const absolute = (address: string | URL, field: string): string => parseAddress(address, document.baseURI, field).href;
  const generator = superviseGenerator(
    (listeners) => startWorker(workerAddress, listeners),
    {
      modelsRoot: absolute(modelsRoot, "modelsRoot"),
      ...(runtimeRoot === undefined ? {} : { runtimeRoot: absolute(runtimeRoot, "runtimeRoot") }),
    },
    whenBusy,
    SUPERVISION,
    options,
  );
  const look = (): void => generator.tellSeen(document.visibilityState === "visible");
  document.addEventListener("visibilitychange", look);
  look();
  return {
    ...generator,
    dispose() {
      document.removeEventListener("visibilitychange", look);
      generator.dispose();
    },
  };
}

/** What a page that watches itself needs besides. */
interface WatchedGenerator extends Generator {
  tellSeen(isSeen: boolean): void;
}

/** Where a generator finds what a recipe only names. */
type Sources = Pick<GeneratorOptions, "filesOf" | "loraOf" | "numbersOf" | "pictureOf">;

/** What `createGenerator` makes, with a worker and an address of the caller's. Pages use `createGenerator`. */
export function superviseGenerator(
  spawn: SpawnWorker,
  roots: Roots,
  whenBusy: "wait" | "replace",
  patience: Supervision = SUPERVISION,
  { filesOf, loraOf: ownLoraOf, numbersOf, pictureOf }: Sources = {},
): WatchedGenerator {
  const supervisor = new Supervisor(spawn, roots, patience);
  let current: AbortController | undefined;
  let engine: Engine | undefined;
  /** The files of LoRAs, in the order in which they were first seen. */
  const editions = new WeakMap<Blob, number>();
  let mostEditions = 0;
  /** It ends with `dispose`, and so does a call whose files are still being looked for. */
  let life = new AbortController();

  /**
   * @param call makes the call anew for each try, because a lost GPU changes what computes; undefined where nothing is left to ask for
   * @returns undefined where that came true
   */
  async function callTwice(call: () => Promise<Call | undefined>, hooks: DrawTogetherHooks): Promise<Answer | undefined> {
    const { signal } = life;
    const once = async (): Promise<Answer | undefined> => {
      const made = await call();
      throwIfCancelled(signal);
      return made && supervisor.call(made, hooks);
    };
    try {
      return await once();
    } catch (thrown) {
      const error = describe(thrown);
      if (!isWorthRepeating(error) || supervisor.deathsInARow >= patience.deathsBeforeGivingUp) throw error;
    }
    try {
      return await once();
    } catch (thrown) {
      throw describe(thrown);
    }
  }

  /** A browser that has seen the GPU crash may refuse to give it again to this page. */
  function describe(thrown: unknown): OnestrokeError {
    const error = OnestrokeError.from(thrown, "worker-died");
    if (error.code !== "gpu-unavailable" || !supervisor.gpuWasLost) return error;
    return new OnestrokeError("gpu-blocked", "the browser gives this page no GPU after it crashed", error.detail, error);
  }

  /** Without a GPU the worker chooses WASM. Someone who had a GPU would find that slow and not know why, so it is not chosen for them. */
  function askedEngine(): Engine | undefined {
    return engine ?? (supervisor.gpuWasLost ? "wgsl" : undefined);
  }

  function handedLora(lora: RecipeLora, file: Blob | undefined): HandedLora {
    if (file !== undefined && !editions.has(file)) editions.set(file, ++mostEditions);
    return { ...lora, file, edition: file && editions.get(file) };
  }

  async function thingsFor(model: string): Promise<Pick<Call, "engine" | "files" | "numbers">> {
    const files = await filesOf?.(model);
    return { engine: askedEngine(), files, numbers: numbersOf?.(model) ?? {} };
  }

  async function drawTogether(
    unchecked: readonly Recipe[],
    { loraOf = ownLoraOf, ...hooks }: TogetherHooks = {},
  ): Promise<readonly Drawing[]> {
    const recipes = unchecked.map((recipe) => parseRecipe(recipe));
    checkSameButNoise(recipes);
    const abort = new AbortController();
    if (whenBusy === "replace") current?.abort();
    current = abort;
    const signal = hooks.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, hooks.signal]);
    // Nobody looks at previews that nobody takes.
    const isShown = hooks.onPreview !== undefined;
    const previewing = { previewShare: isShown ? hooks.previewShare : 0, firstStepShown: isShown && hooks.firstStepShown };
    const drawings = new Map<number, Drawing>();
    // The files of this moment: one that takes the place of another meanwhile is for the next call, also where this one is made twice.
    const loras = recipes[0].loras?.map((lora) => handedLora(lora, loraOf?.(lora.name)));
    /** Places of the recipes that are asked for now: what has come before the GPU was lost is not drawn again. */
    let asked: readonly number[] = [];
    const placeOf = (index: number): number => asked[index] ?? index;
    const call = async (): Promise<Call | undefined> => {
      asked = [...recipes.keys()].filter((place) => !drawings.has(place));
      const [recipe, ...others] = recipes.filter((_, place) => !drawings.has(place));
      if (recipe === undefined) return undefined;
      const start = recipe.start === undefined ? undefined : await pictureOf?.(recipe);
      return {
        type: "generate",
        recipes: [recipe, ...others],
        ...previewing,
        ...(hooks.timesKernels && { timesKernels: true }),
        ...(await thingsFor(recipe.model)),
        ...(start && { start }),
        ...(loras && { loras }),
      };
    };
    await callTwice(call, {
      ...hooks,
      signal,
      onPreview: (picture, step, index) => hooks.onPreview?.(picture, step, placeOf(index)),
      onDrawn: (drawing, index) => {
        drawings.set(placeOf(index), drawing);
        hooks.onDrawn?.(drawing, placeOf(index));
      },
    });
    return [...drawings].toSorted(([left], [right]) => left - right).map(([, drawing]) => drawing);
  }

  return {
    tellSeen: (isSeen) => supervisor.tellSeen(isSeen),

    useEngine(chosen) {
      engine = chosen;
    },

    async load(modelId, hooks = {}) {
      const call = async (): Promise<Call> => ({ type: "load", model: modelId, size: hooks.size, ...(await thingsFor(modelId)) });
      const answer = await callTwice(call, hooks);
      invariant(answer?.type === "loaded", "a load is answered by `loaded`");
      return answer.model;
    },

    async generate(recipe, hooks) {
      const [drawing] = await drawTogether([recipe], hooks);
      invariant(drawing !== undefined, "a recipe is a picture");
      return drawing;
    },

    generateTogether: drawTogether,

    count: ({ model, prompt, negative, emphasis }) =>
      supervisor.count({ model, prompt: normalisePrompt(prompt), negative: normalisePrompt(negative), ...(emphasis && { emphasis }) }),
    async isSamePicture(left, right) {
      const comparing = { type: "compare", left: parseRecipe(left), right: parseRecipe(right) } as const;
      if (!supervisor.isThere) return false;
      const answer = await supervisor.call(comparing, {}).catch(() => undefined);
      return answer?.type === "compared" && answer.isSame;
    },

    dispose() {
      life.abort();
      life = new AbortController();
      supervisor.dispose();
    },
  };
}

function isWorthRepeating(error: OnestrokeError): boolean {
  return error.code === "gpu-lost" || error.code === "worker-died";
}
