// Chooses the format of a model's weights and how products are computed, and remembers what float16 broke. A model that is removed is
// forgotten here too.
import type { ModelNumbers } from "../../common/model-numbers";
import type { WeightChoice } from "../../common/weight-format";
import type { ModelLoading } from "../model-loading";
import type { AppStore } from "../state";
import type { KeptNumbers } from "./kept-numbers";

export interface NumbersControl {
  /** Loads the model again with its weights in this format, here and in later visits. Undefined leaves it to what fits. */
  useWeights(choice: WeightChoice | undefined): Promise<void>;
  /** Loads the model again with its products computed so, of all models here and in later visits. Undefined is as measured. */
  useProducts(choice: ModelNumbers["products"]): Promise<void>;
  /** Forgets what float16 broke, and loads the model again. What breaks once more is remembered once more. */
  tryFloat16(): Promise<void>;
}

export function createNumbersControl(store: AppStore, loading: Pick<ModelLoading, "useEngine">, kept: KeptNumbers): NumbersControl {
  const look = (): void => store.setState(({ draft }) => ({ numbers: kept.of(draft.model) }));
  look();

  async function reload(change: ModelNumbers): Promise<void> {
    const { draft, engine } = store.getState();
    kept.keep(draft.model, change);
    look();
    await loading.useEngine(engine);
  }

  store.subscribe(({ draft, shown, models }, before) => {
    // An older picture that is shown again is no news.
    const broken = shown?.model?.inFloat32;
    if (shown !== undefined && broken !== undefined && shown !== before.shown && !before.recent.includes(shown)) {
      kept.keep(shown.recipe.model, { inFloat32: broken });
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
    useWeights: (weights) => reload({ weights }),
    useProducts: (products) => reload({ products }),
    tryFloat16: () => reload({ inFloat32: [] }),
  };
}
