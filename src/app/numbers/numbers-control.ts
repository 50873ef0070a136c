// Chooses the format of a model's weights, and remembers what float16 broke. A model that is removed is forgotten here too.
import type { WeightChoice } from "../../common/weight-format";
import type { ModelLoading } from "../model-loading";
import type { AppStore } from "../state";
import type { KeptNumbers } from "./kept-numbers";

export interface NumbersControl {
  /** Loads the model again with its weights in this format, here and in later visits. Undefined leaves it to what fits. */
  useWeights(choice: WeightChoice | undefined): Promise<void>;
}

export function createNumbersControl(store: AppStore, loading: Pick<ModelLoading, "useEngine">, kept: KeptNumbers): NumbersControl {
  const look = (): void => store.setState(({ draft }) => ({ numbers: kept.of(draft.model) }));
  look();
  store.subscribe(({ draft, shown, models }, before) => {
    if (shown !== before.shown && shown?.inFloat32 !== undefined) {
      kept.keep(shown.recipe.model, { inFloat32: shown.inFloat32 });
      look();
    }
    if (draft.model !== before.draft.model) look();
    if (models.kept !== undefined && models.kept !== before.models.kept) {
      const here = new Set(models.kept.map(({ plan }) => plan.model));
      for (const { plan } of before.models.kept ?? []) {
        if (!here.has(plan.model)) kept.keep(plan.model, { weights: undefined, inFloat32: undefined });
      }
      look();
    }
  });
  return {
    async useWeights(weights) {
      const { draft, engine } = store.getState();
      kept.keep(draft.model, { weights });
      look();
      await loading.useEngine(engine);
    },
  };
}
