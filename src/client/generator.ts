// The public object of the page's half: load a model, draw a recipe. All state that must
// outlive a crash is here and in the caller's hands, so a picture interrupted by a lost
// GPU or a dead worker is drawn again from its recipe and comes out the same.
import { invariant, OnestrokeError } from "../common/errors";
import type { Engine } from "../common/engine";
import { SUPERVISION, type Supervision } from "../common/limits";
import type { Answer, Call, ModelAddress, ModelInfo } from "../protocol/messages";
import type { Picture, StageTimings, TextTokens } from "../common/progress";
import { parseRecipe, type Recipe } from "../common/recipe";
import { Supervisor, type CallHooks } from "./supervisor";
import { workerSpawner, type SpawnWorker } from "./worker-port";

export interface GeneratorOptions {
  /** Where models are, each in a folder named by its id. Default: `models/` beside the page. */
  readonly modelsRoot?: string | URL;
  /** Another address for the worker's script. */
  readonly workerAddress?: string | URL;
  /** What a new picture does to one still being drawn: waits for it, or replaces it. Default `wait`. */
  readonly whenBusy?: "wait" | "replace";
}

export interface Drawing {
  readonly recipe: Recipe;
  readonly picture: Picture;
  readonly timings: StageTimings;
  readonly tokens: TextTokens;
  readonly model: ModelInfo;
}

export interface Generator {
  /** What computes from the next call on; `undefined` leaves it to the worker, which takes the best there is. */
  useEngine(engine: Engine | undefined): void;
  /** Opens the GPU and loads the model ahead of the first picture. */
  load(modelId: string, hooks?: CallHooks): Promise<ModelInfo>;
  /**
   * Draws one recipe. After a lost GPU or a dead worker it is tried once more by itself.
   * @throws OnestrokeError
   */
  generate(recipe: Recipe, hooks?: CallHooks): Promise<Drawing>;
  /** Ends the worker and rejects what is pending with `cancelled`. */
  dispose(): void;
}

export function createGenerator(options: GeneratorOptions = {}): Generator {
  const root = options.modelsRoot ?? new URL("models/", document.baseURI);
  return superviseGenerator(workerSpawner(options.workerAddress), new URL(root, document.baseURI), options.whenBusy ?? "wait");
}

/** `createGenerator` with the worker and the address given; for pages use that one. */
export function superviseGenerator(
  spawn: SpawnWorker,
  modelsRoot: URL,
  whenBusy: "wait" | "replace",
  patience: Supervision = SUPERVISION,
): Generator {
  const supervisor = new Supervisor(spawn, patience);
  let current: AbortController | undefined;
  let engine: Engine | undefined;

  /** @param call made anew for each try: a lost GPU changes the address */
  async function callTwice(call: () => Call, hooks: CallHooks): Promise<Answer> {
    try {
      return await supervisor.call(call(), hooks);
    } catch (thrown) {
      const error = describe(thrown);
      if (!isWorthRepeating(error) || supervisor.deathsInARow >= patience.deathsBeforeGivingUp) throw error;
    }
    try {
      return await supervisor.call(call(), hooks);
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

  function address(id: string): ModelAddress {
    // The worker's own choice without a GPU is WASM: to one who had a GPU that would be slow for no reason said.
    const asked = engine ?? (supervisor.gpuWasLost ? "wgsl" : undefined);
    return { id, root: new URL(`${encodeURIComponent(id)}/`, modelsRoot).href, ...(asked && { engine: asked }) };
  }

  return {
    useEngine(chosen) {
      engine = chosen;
    },

    async load(modelId, hooks = {}) {
      const answer = await callTwice(() => ({ type: "load", model: address(modelId) }), hooks);
      invariant(answer.type === "loaded", "a load is answered by `loaded`");
      return answer.info;
    },

    async generate(unchecked, hooks = {}) {
      const recipe = parseRecipe(unchecked);
      const abort = new AbortController();
      if (whenBusy === "replace") current?.abort();
      current = abort;
      const signal = hooks.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, hooks.signal]);
      const answer = await callTwice(() => ({ type: "generate", model: address(recipe.model), recipe }), { ...hooks, signal });
      invariant(answer.type === "drawn", "a generate is answered by `drawn`");
      const { picture, timings, tokens, info } = answer;
      return { recipe, picture, timings, tokens, model: info };
    },

    dispose() {
      supervisor.dispose();
    },
  };
}

function isWorthRepeating(error: OnestrokeError): boolean {
  return error.code === "gpu-lost" || error.code === "worker-died";
}
