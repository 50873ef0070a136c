// The input `steering` of cross-attention: f32 `[1, 8]`, which says how many keys count and how
// strongly the negative ones do. One place packs it and names its fields; kernels read them.
import type { Steering } from "../common/steering";

export const STEERING_FIELDS = {
  positiveKeys: 0,
  negativeKeys: 1,
  nasaScale: 2,
  nagPhi: 3,
  nagTau: 4,
  nagAlpha: 5,
} as const;

/** Tokens of each text that are real; a plan has room for more. */
export interface TextKeys {
  readonly positive: number;
  readonly negative: number;
}

/** Without strength there are no negative keys either: the kernels take their single-branch path. */
export function packSteering(keys: TextKeys, dials: Steering): Float32Array<ArrayBuffer> {
  const fields = new Float32Array(8);
  fields[STEERING_FIELDS.positiveKeys] = keys.positive;
  if (dials.method === "none" || dials.scale <= 0) return fields;
  fields[STEERING_FIELDS.negativeKeys] = keys.negative;
  if (dials.method === "nasa") fields[STEERING_FIELDS.nasaScale] = dials.scale;
  else {
    fields[STEERING_FIELDS.nagPhi] = dials.scale;
    fields[STEERING_FIELDS.nagTau] = dials.tau;
    fields[STEERING_FIELDS.nagAlpha] = dials.alpha;
  }
  return fields;
}
