// Loads the model, and chooses the engine that computes it. However many ask for the model at once, it is loaded once.
import type { Generator } from "../library";
import type { Engine } from "../common/engine";
import { OnestrokeError } from "../common/errors";
import type { ModelFacts } from "../common/model-facts";
import type { SteeringDefaults } from "../common/steering-defaults";
import { createLoadingBar } from "./loading-bar";
import type { AppStore } from "./state";

export interface ModelLoading {
  /** The model's steering defaults, once it is loaded. Undefined after a failure, which is shown; the next call tries again. */
  load(): Promise<SteeringDefaults | undefined>;
  /** Loads the model to be computed by another engine. Pictures that are there stay as they are. */
  useEngine(engine: Engine | undefined): Promise<void>;
}

export function createModelLoading(store: AppStore, generator: Generator): ModelLoading {
  let loading: Promise<ModelFacts> | undefined;

  async function load(): Promise<SteeringDefaults | undefined> {
    if (loading === undefined) {
      store.setState({ model: { kind: "loading", progress: undefined, share: 0 }, error: undefined });
      const bar = createLoadingBar();
      loading = generator.load(store.getState().draft.model, {
        onProgress: (progress) => store.setState({ model: { kind: "loading", progress, share: bar(progress) } }),
      });
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
