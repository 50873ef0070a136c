// The input `steering` of cross-attention: f32 `[1, 8]`, which says how many keys count and how
// strongly the negative ones do. One place packs it and names its fields; kernels read them.

export const STEERING_FIELDS = {
  positiveKeys: 0,
  negativeKeys: 1,
  nasaScale: 2,
  nagPhi: 3,
  nagTau: 4,
  nagAlpha: 5,
} as const;

/** NASA's scale, or NAG's phi (`scale`), tau and alpha. */
export type SteeringDials =
  | { readonly method: "none" }
  | { readonly method: "nasa"; readonly scale: number }
  | { readonly method: "nag"; readonly scale: number; readonly tau: number; readonly alpha: number };

/** Without strength there are no negative keys either: the kernels take their single-branch path. */
export function packSteering(positiveKeys: number, negativeKeys: number, dials: SteeringDials): Float32Array<ArrayBuffer> {
  const fields = new Float32Array(8);
  fields[STEERING_FIELDS.positiveKeys] = positiveKeys;
  if (dials.method === "none" || dials.scale <= 0) return fields;
  fields[STEERING_FIELDS.negativeKeys] = negativeKeys;
  if (dials.method === "nasa") fields[STEERING_FIELDS.nasaScale] = dials.scale;
  else {
    fields[STEERING_FIELDS.nagPhi] = dials.scale;
    fields[STEERING_FIELDS.nagTau] = dials.tau;
    fields[STEERING_FIELDS.nagAlpha] = dials.alpha;
  }
  return fields;
}
