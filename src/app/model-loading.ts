// Loads the model, and chooses the engine that computes it. However many ask for the model at once, it is loaded once; and whoever chooses
// another one does not wait for it.
import type { Generator } from "../library";
import type { Engine } from "../common/engine";
import { OnestrokeError } from "../common/errors";
import type { ModelFacts } from "../common/model-facts";
import type { Progress } from "../common/progress";
import type { QuickestEngines } from "./engines/quickest";
import { createLoadingBar } from "./loading-bar";
import { sizedDraft, type AppState, type AppStore } from "./state";

export interface ModelLoading {
  /**
   * What the model says of itself, once it is loaded and ready for pictures of the size that the controls say. Undefined after a failure,
   * which is shown; the next call tries again.
   * @param atOwnSize whether it is made ready for the size that it was trained at, because the controls still have another model's
   * @param keepsError whether the error that is shown stays: it says why another one was given up
   */
  load(atOwnSize?: boolean, keepsError?: boolean): Promise<ModelFacts | undefined>;
  /** Loads the model to be computed by another engine. Pictures that are there stay as they are. */
  useEngine(engine: Engine | undefined): Promise<void>;
}

interface Loading {
  readonly model: string;
  readonly abort: AbortController;
  /** What it came to; undefined where it failed, or somebody chose another one. */
  readonly facts: Promise<ModelFacts | undefined>;
}

export function createModelLoading(store: AppStore, generator: Generator, quickest: QuickestEngines): ModelLoading {
  let loading: Loading | undefined;

  /** Where nobody has chosen an engine, the one that was measured to be the quickest draws. */
  async function loadFor(
    { draft, engine }: Pick<AppState, "draft" | "engine">,
    atOwnSize: boolean,
    signal: AbortSignal,
  ): Promise<ModelFacts> {
    const { model, width, height, isSizeOpen = false } = draft;
    const bar = createLoadingBar();
    const onProgress = (progress: Progress): void => {
      if (!signal.aborted) store.setState({ model: { kind: "loading", ...bar(progress) } });
    };
    const measured = engine === undefined ? await quickest.of(model) : undefined;
    // A model before may have had another one.
    if (engine === undefined) generator.useEngine(measured);
    const hooks = { onProgress, signal, ...(atOwnSize || isSizeOpen ? {} : { size: { width, height } }) };
    if (measured === undefined) return generator.load(model, hooks);
    try {
      return await generator.load(model, hooks);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      // It may have been a driver's or a browser's day.
      quickest.forget(model);
      generator.useEngine(undefined);
      return generator.load(model, hooks);
    }
  }

  /** Says once how it ended, however many wait for it. */
  async function told(facts: Promise<ModelFacts>, { signal }: AbortController): Promise<ModelFacts | undefined> {
    let ended: Pick<AppState, "model"> & Partial<AppState>;
    try {
      ended = { model: { kind: "ready", facts: await facts } };
    } catch (thrown) {
      ended = { model: { kind: "missing" }, error: OnestrokeError.from(thrown, "worker-died") };
    }
    if (signal.aborted) return undefined;
    // Whoever hears of it may have it loaded again at once.
    loading = undefined;
    store.setState(({ draft }) => ({ ...ended, draft: sizedDraft({ draft, ...ended }) }));
    return ended.model.kind === "ready" ? ended.model.facts : undefined;
  }

  async function load(atOwnSize = false, keepsError = false): Promise<ModelFacts | undefined> {
    const state = store.getState();
    const { model } = state.draft;
    if (loading?.model !== model) {
      // Nobody waits for the one before any more. What has come of it stays on the device.
      loading?.abort.abort();
      const abort = new AbortController();
      store.setState({
        model: { kind: "loading", progress: undefined, share: 0 },
        ...(keepsError ? {} : { error: undefined, status: "" }),
      });
      loading = { model, abort, facts: told(loadFor(state, atOwnSize, abort.signal), abort) };
    }
    return loading.facts;
  }

  return {
    load,

    async useEngine(engine) {
      store.setState({ engine });
      generator.useEngine(engine);
      // What is being loaded now is loaded for the engine before.
      await loading?.facts;
      await load();
    },
  };
}
