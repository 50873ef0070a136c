// The steering that the controls are set to, in terms of the loaded model. It is undefined until a model is loaded.
import type { SteeringDefaults } from "../../common/steering-defaults";
import { chosenSteering, type ActiveSteering } from "../dial";
import { factsOf } from "../state";
import { useAppState } from "../use-app";

export interface ModelSteering {
  readonly steering: ActiveSteering;
  readonly defaults: SteeringDefaults;
}

export function useSteering(): ModelSteering | undefined {
  const choice = useAppState((state) => state.draft.steering);
  const defaults = useAppState((state) => factsOf(state)?.steering);
  return defaults === undefined ? undefined : { steering: chosenSteering(choice, defaults), defaults };
}
