// Finds out which engine draws quickest here, by drawing the shown picture with each. What comes out is used from then on wherever nobody
// chooses an engine. It takes as long as the slowest of them, so it is done when somebody asks.
import { drawingMs } from "../../common/drawing";
import { ENGINES, type Engine } from "../../common/engine";
import { OnestrokeError } from "../../common/errors";
import type { Recipe } from "../../common/recipe";
import type { Generator } from "../../library";
import type { ModelLoading } from "../model-loading";
import type { AppStore } from "../state";
import type { EngineFailure, EngineTime } from "./measuring-state";
import type { QuickestEngines } from "./quickest";

export interface Measuring {
  measureEngines(): Promise<void>;
}

/** The first picture of an engine pays for what is prepared once. */
const PICTURES = 2;

export function createMeasuring(
  store: AppStore,
  generator: Generator,
  model: Pick<ModelLoading, "useEngine">,
  quickest: QuickestEngines,
): Measuring {
  async function timeOf(engine: Engine, recipe: Recipe): Promise<EngineTime | EngineFailure> {
    generator.useEngine(engine);
    let ms = Infinity;
    try {
      for (let picture = 0; picture < PICTURES; picture++) ms = Math.min(ms, drawingMs((await generator.generate(recipe)).timings));
    } catch (thrown) {
      const { code, message } = OnestrokeError.from(thrown, "worker-died");
      // Somebody draws, and the measuring ends. Any other failure is this engine's.
      if (code === "cancelled") throw thrown;
      return { engine, reason: message };
    }
    return { engine, ms };
  }

  return {
    async measureEngines() {
      const { shown, job, measuring } = store.getState();
      if (shown === undefined || job !== undefined || measuring?.current !== undefined) return;
      const [times, failures]: [EngineTime[], EngineFailure[]] = [[], []];
      try {
        for (const engine of ENGINES) {
          store.setState({ measuring: { current: engine, times: [...times], failures: [...failures] } });
          const measured = await timeOf(engine, shown.recipe);
          if ("ms" in measured) times.push(measured);
          else failures.push(measured);
        }
        times.sort((left, right) => left.ms - right.ms);
        const [best] = times;
        if (best !== undefined) await quickest.remember(shown.recipe.model, best.engine);
        store.setState({ measuring: { current: undefined, times, failures } });
      } catch {
        store.setState({ measuring: undefined });
      }
      await model.useEngine(undefined);
    },
  };
}
