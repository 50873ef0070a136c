// The public object of the page's half, which loads a model and draws recipes. All state that must
// outlive a crash is here and in the caller's hands, so a picture that is interrupted by a lost
// GPU or a dead worker is drawn again from its recipe and comes out the same.
import { invariant, OnestrokeError } from "../common/errors";
import type { Engine } from "../common/engine";
import type { Drawing, DrawHooks } from "../common/drawing";
import type { ModelFacts } from "../common/model-facts";
import { ownScript } from "../common/own-script";
import { parseRecipe, type Recipe } from "../common/recipe";
import type { Answer, Call, FromWorker } from "../protocol/messages";
// Vite bundles the worker and gives its address; the linter looks for the file as it is.
// oxlint-disable-next-line import/default
import workerScript from "../worker/entry.ts?worker&url";
import { SUPERVISION, type Supervision } from "./supervision";
import { Supervisor, type SpawnWorker } from "./supervisor";

export interface GeneratorOptions {
  /** Where the models that ship with the page are, each in its folder. The default is `models/` beside the page. */
  readonly modelsRoot?: string | URL;
  /** Another address for the worker's script. */
  readonly workerAddress?: string | URL;
  /** Whether a new picture waits for one that is still being drawn, or replaces it. The default is `wait`. */
  readonly whenBusy?: "wait" | "replace";
}

export interface Generator {
  /** Chooses what computes from the next call on. With `undefined` the worker takes the best that it finds. */
  useEngine(engine: Engine | undefined): void;
  /** Opens the GPU and loads the model ahead of the first picture. */
  load(modelId: string, hooks?: DrawHooks): Promise<ModelFacts>;
  /**
   * Draws one recipe. After a lost GPU or a dead worker it is tried once more by itself.
   * @throws OnestrokeError
   */
  generate(recipe: Recipe, hooks?: DrawHooks): Promise<Drawing>;
  /** Ends the worker and rejects what is pending with `cancelled`. */
  dispose(): void;
}

export function createGenerator(options: GeneratorOptions = {}): Generator {
  const root = options.modelsRoot ?? new URL("models/", document.baseURI);
  return superviseGenerator(workerSpawner(options.workerAddress), new URL(root, document.baseURI), options.whenBusy ?? "wait");
}

/** What `createGenerator` makes, with a worker and an address of the caller's. Pages use `createGenerator`. */
export function superviseGenerator(
  spawn: SpawnWorker,
  modelsRoot: URL,
  whenBusy: "wait" | "replace",
  patience: Supervision = SUPERVISION,
): Generator {
  const supervisor = new Supervisor(spawn, modelsRoot.href, patience);
  let current: AbortController | undefined;
  let engine: Engine | undefined;

  /** @param call makes the call anew for each try, because a lost GPU changes what computes */
  async function callTwice(call: () => Call, hooks: DrawHooks): Promise<Answer> {
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

  /** Without a GPU the worker chooses WASM. Someone who had a GPU would find that slow and not know why, so it is not chosen for them. */
  function askedEngine(): Engine | undefined {
    return engine ?? (supervisor.gpuWasLost ? "wgsl" : undefined);
  }

  return {
    useEngine(chosen) {
      engine = chosen;
    },

    async load(modelId, hooks = {}) {
      const answer = await callTwice(() => ({ type: "load", model: modelId, engine: askedEngine() }), hooks);
      invariant(answer.type === "loaded", "a load is answered by `loaded`");
      return answer.model;
    },

    async generate(unchecked, hooks = {}) {
      const recipe = parseRecipe(unchecked);
      const abort = new AbortController();
      if (whenBusy === "replace") current?.abort();
      current = abort;
      const signal = hooks.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, hooks.signal]);
      const answer = await callTwice(() => ({ type: "generate", recipe, engine: askedEngine() }), { ...hooks, signal });
      invariant(answer.type === "drawn", "a generate is answered by `drawn`");
      return answer.drawing;
    },

    dispose() {
      supervisor.dispose();
    },
  };
}

function isWorthRepeating(error: OnestrokeError): boolean {
  return error.code === "gpu-lost" || error.code === "worker-died";
}

/** @param address of the worker's script, for pages that serve it elsewhere */
function workerSpawner(address: string | URL = workerScript): SpawnWorker {
  return (listeners) => {
    const worker = new Worker(ownScript(address), { type: "module" });
    worker.addEventListener("message", (event: MessageEvent<FromWorker>) => listeners.onMessage(event.data));
    worker.addEventListener("error", (event) => {
      // A script that does not load gives an event without a message.
      listeners.onError(event.message === undefined ? "its script could not be loaded" : event.message);
    });
    worker.addEventListener("messageerror", () => listeners.onError("a message could not be read"));
    return {
      post: (message) => worker.postMessage(message),
      terminate: () => worker.terminate(),
    };
  };
}
