// The steering dial's positions, and the steering that a model makes of them. Position 0 is off, 1 is the loaded
// model's own strength, and `DIAL_END` is strong. Every strength comes from the model, and none from here.
import { STEERING_RANGES } from "../common/steering";
import type { SteeringDefaults } from "../common/steering-defaults";
import type { Steering } from "../common/steering";

export type ActiveSteering = Exclude<Steering, { readonly method: "none" }>;

/** Twice the model's own strength: PixArt still gains there by NASA (SNOOPI, figure 7), and NAG is published at both. */
export const DIAL_END = 2;
export const DIAL_STEP = 0.1;

/** What was chosen, or the model's own where nothing was. Off is a strength of 0. */
export function chosenSteering(choice: Steering | undefined, defaults: SteeringDefaults): ActiveSteering {
  const usual = defaults[defaults.method];
  if (choice === undefined) return usual;
  return choice.method === "none" ? { ...usual, scale: 0 } : choice;
}

/** It may lie beyond `DIAL_END`, because a link can ask for more than the dial. */
export function dialPosition({ method, scale }: ActiveSteering, defaults: SteeringDefaults): number {
  return scale / defaults[method].scale;
}

/** Steering as strong as the position asks for, within the range of its method. */
export function atPosition(steering: ActiveSteering, position: number, defaults: SteeringDefaults): ActiveSteering {
  const [least, most] = STEERING_RANGES[steering.method].scale;
  const scale = Math.min(Math.max(position * defaults[steering.method].scale, least), most);
  // People read links, so three digits are enough.
  return { ...steering, scale: Number(scale.toPrecision(3)) };
}

/** The settings of another method at the same place of the dial, or as near to it as that method's range allows. */
export function withMethod(steering: ActiveSteering, method: ActiveSteering["method"], defaults: SteeringDefaults): ActiveSteering {
  return atPosition(defaults[method], dialPosition(steering, defaults), defaults);
}

export type SteeredSteps = "all" | "early";

export function steeredSteps({ sigmaEnd = 0 }: ActiveSteering): SteeredSteps {
  return sigmaEnd > 0 ? "early" : "all";
}

export function withSteeredSteps(steering: ActiveSteering, steps: SteeredSteps, defaults: SteeringDefaults): ActiveSteering {
  return { ...steering, sigmaEnd: steps === "early" ? defaults.sigmaEnd : 0 };
}
