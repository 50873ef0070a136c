// Finds out which engine draws quickest here, by drawing the shown picture with each. What comes out is used from then on wherever nobody
// chooses an engine. It takes as long as the slowest of them, so it is done when somebody asks.
import { drawingMs } from "../../common/drawing";
import { ENGINES, type Engine } from "../../common/engine";
import { OnestrokeError } from "../../common/errors";
import type { Generator } from "../../library";
import type { ModelLoading } from "../model-loading";
import type { AppStore } from "../state";
import type { EngineTime } from "./measuring-state";
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
  async function timeOf(engine: Engine): Promise<EngineTime | undefined> {
    const recipe = store.getState().shown?.recipe;
    if (recipe === undefined) return undefined;
    generator.useEngine(engine);
    let ms = Infinity;
    try {
      for (let picture = 0; picture < PICTURES; picture++) ms = Math.min(ms, drawingMs((await generator.generate(recipe)).timings));
    } catch (thrown) {
      // Somebody draws, and the measuring ends. Any other failure means that this engine is none for this model.
      if (OnestrokeError.from(thrown, "worker-died").code === "cancelled") throw thrown;
      return undefined;
    }
    return { engine, ms };
  }

  return {
    async measureEngines() {
      const { shown, job, measuring } = store.getState();
      if (shown === undefined || job !== undefined || measuring?.current !== undefined) return;
      const times: EngineTime[] = [];
      try {
        for (const engine of ENGINES) {
          store.setState({ measuring: { current: engine, times: [...times] } });
          const time = await timeOf(engine);
          if (time !== undefined) times.push(time);
        }
        times.sort((left, right) => left.ms - right.ms);
        const [best] = times;
        if (best !== undefined) await quickest.remember(shown.recipe.model, best.engine);
        store.setState({ measuring: { current: undefined, times } });
      } catch {
        store.setState({ measuring: undefined });
      }
      await model.useEngine(undefined);
    },
  };
}
