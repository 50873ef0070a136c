// The input `steering` of a graph with cross-attention: how many keys of each text are real, and the dials of the
// step. A negative branch of no keys, or of no strength, takes the kernel's single-branch path.
import type { Steering } from "../common/steering";
import { STEERING_FIELDS } from "./ops";

export interface TextKeys {
  /** Tokens of the prompt, of the plan's capacity. */
  readonly positive: number;
  readonly negative: number;
}

/** @returns f32 `[8]`, as `STEERING_FIELDS` lays it out */
export function packSteering(steering: Steering, keys: TextKeys): Float32Array<ArrayBuffer> {
  const fields = new Float32Array(8);
  fields[STEERING_FIELDS.positiveKeys] = keys.positive;
  if (steering.method === "none" || steering.scale === 0) return fields;
  fields[STEERING_FIELDS.negativeKeys] = keys.negative;
  if (steering.method === "nasa") fields[STEERING_FIELDS.nasaScale] = steering.scale;
  else {
    fields[STEERING_FIELDS.nagPhi] = steering.scale;
    fields[STEERING_FIELDS.nagTau] = steering.tau;
    fields[STEERING_FIELDS.nagAlpha] = steering.alpha;
  }
  return fields;
}
