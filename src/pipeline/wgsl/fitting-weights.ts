// Which format a model's weights have where nobody chooses one: its own, unless memory does not suffice for that. Pure arithmetic on
// memory plans.
import { WEIGHT_CHOICES, type WeightChoice } from "../../common/weight-format";
import type { MemoryPlan } from "../memory-plan";

export interface WeightSurvey {
  readonly plans: Readonly<Record<WeightChoice, MemoryPlan>>;
  /** The most that is on the GPU at one time, in bytes. */
  readonly byWeights: Readonly<Record<WeightChoice, number>>;
  readonly fitting: WeightChoice;
}

/**
 * What fits is the first format within the budget whose denoiser stays on the GPU, since one that leaves is read again for each new text.
 * Where none is, the first within the budget; where none is that either, the smallest.
 * @param planWith plans a picture for the budget
 */
export function planWeights(planWith: (choice: WeightChoice) => MemoryPlan, budgetBytes: number): WeightSurvey {
  const plans = { published: planWith("published"), q8: planWith("q8"), q4: planWith("q4") };
  const within = WEIGHT_CHOICES.filter((choice) => plans[choice].peakBytes <= budgetBytes);
  const [smallest = "published"] = WEIGHT_CHOICES.toSorted((left, right) => plans[left].peakBytes - plans[right].peakBytes);
  return {
    plans,
    byWeights: { published: plans.published.peakBytes, q8: plans.q8.peakBytes, q4: plans.q4.peakBytes },
    fitting: within.find((choice) => !plans[choice].turns.includes("denoiser")) ?? within[0] ?? smallest,
  };
}
