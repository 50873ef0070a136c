// The steering the controls stand at, in terms of the loaded model; undefined until there is one.
import type { SteeringDefaults } from "../../common/steering-defaults";
import { chosenSteering, type ActiveSteering } from "../dial";
import { steeringDefaultsOf } from "../state";
import { useAppState } from "../use-app";

export interface ModelSteering {
  readonly steering: ActiveSteering;
  readonly defaults: SteeringDefaults;
}

export function useSteering(): ModelSteering | undefined {
  const choice = useAppState((state) => state.draft.steering);
  const defaults = useAppState(steeringDefaultsOf);
  return defaults === undefined ? undefined : { steering: chosenSteering(choice, defaults), defaults };
}
