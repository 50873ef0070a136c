// Loads the model, and chooses the engine that computes it. However many ask for the model at once, it is loaded once.
import type { Generator } from "../library";
import type { Engine } from "../common/engine";
import { OnestrokeError } from "../common/errors";
import type { ModelFacts } from "../common/model-facts";
import type { SteeringDefaults } from "../common/steering-defaults";
import type { Progress } from "../common/progress";
import type { QuickestEngines } from "./engines/quickest";
import { createLoadingBar } from "./loading-bar";
import type { AppState, AppStore } from "./state";

export interface ModelLoading {
  /** The model's steering defaults, once it is loaded. Undefined after a failure, which is shown; the next call tries again. */
  load(): Promise<SteeringDefaults | undefined>;
  /** Loads the model to be computed by another engine. Pictures that are there stay as they are. */
  useEngine(engine: Engine | undefined): Promise<void>;
}

export function createModelLoading(store: AppStore, generator: Generator, quickest: QuickestEngines): ModelLoading {
  let loading: Promise<ModelFacts> | undefined;

  /** Where nobody has chosen an engine, the one that was measured to be the quickest draws. */
  async function loadFor({ draft: { model }, engine }: Pick<AppState, "draft" | "engine">): Promise<ModelFacts> {
    const bar = createLoadingBar();
    const onProgress = (progress: Progress): void => store.setState({ model: { kind: "loading", ...bar(progress) } });
    const measured = engine === undefined ? await quickest.of(model) : undefined;
    // A model before may have had another one.
    if (engine === undefined) generator.useEngine(measured);
    if (measured === undefined) return generator.load(model, { onProgress });
    try {
      return await generator.load(model, { onProgress });
    } catch {
      // It may have been a driver's or a browser's day.
      quickest.forget(model);
      generator.useEngine(undefined);
      return generator.load(model, { onProgress });
    }
  }

  async function load(): Promise<SteeringDefaults | undefined> {
    if (loading === undefined) {
      store.setState({ model: { kind: "loading", progress: undefined, share: 0 }, error: undefined });
      loading = loadFor(store.getState());
    }
    try {
      const facts = await loading;
      store.setState({ model: { kind: "ready", facts } });
      return facts.steering;
    } catch (thrown) {
      store.setState({ model: { kind: "missing" }, error: OnestrokeError.from(thrown, "worker-died") });
      return undefined;
    } finally {
      loading = undefined;
    }
  }

  return {
    load,

    async useEngine(engine) {
      store.setState({ engine });
      generator.useEngine(engine);
      // What is being loaded now is loaded for the engine before.
      await loading?.catch(() => undefined);
      await load();
    },
  };
}
