// The input `steering` of cross-attention: f32 `[1, steeringFields(capacity)]`, which says how many keys count, how strongly the negative
// ones do, and the sign of each key's value. One place packs it and names its fields; kernels read them.
import type { Steering } from "../common/steering";

export const STEERING_FIELDS = {
  positiveKeys: 0,
  negativeKeys: 1,
  nasaScale: 2,
  nagPhi: 3,
  nagTau: 4,
  nagAlpha: 5,
  vsfScale: 6,
  vsfOffset: 7,
  /** Those of the positive text, then, after `signsOf(capacity)` fields, those of the negative. */
  signs: 8,
} as const;

/** A text as the kernels see it. */
export interface TextKeys {
  /** Tokens that are real; a plan has room for more. */
  readonly tokens: number;
  /** [tokens] -1 for those whose value counts negatively, else 1; absent where all are 1. */
  readonly signs?: Float32Array | undefined;
}

/** Fields that the signs of a text take: kernels read four at a time. */
export function signsOf(capacity: number): number {
  return 4 * Math.ceil(capacity / 4);
}

export function steeringFields(capacity: number): number {
  return STEERING_FIELDS.signs + 2 * signsOf(capacity);
}

/**
 * Without strength there are no negative keys either: the kernels take their single-branch path.
 * @param negative absent where the picture is not steered
 * @param capacity tokens for which the plan has room, of either text
 */
export function packSteering(
  { positive, negative }: { readonly positive: TextKeys; readonly negative: TextKeys | undefined },
  dials: Steering,
  capacity: number,
): Float32Array<ArrayBuffer> {
  const { signs, ...at } = STEERING_FIELDS;
  const fields = new Float32Array(steeringFields(capacity)).fill(1, signs);
  fields[at.positiveKeys] = positive.tokens;
  fields.set(positive.signs ?? [], signs);
  if (negative === undefined || dials.method === "none" || dials.scale <= 0) return fields;
  fields[at.negativeKeys] = negative.tokens;
  fields.set(negative.signs ?? [], signs + signsOf(capacity));
  switch (dials.method) {
    case "nasa":
      fields[at.nasaScale] = dials.scale;
      return fields;
    case "nag":
      fields[at.nagPhi] = dials.scale;
      fields[at.nagTau] = dials.tau;
      fields[at.nagAlpha] = dials.alpha;
      return fields;
    case "vsf":
      fields[at.vsfScale] = dials.scale;
      fields[at.vsfOffset] = dials.offset;
      return fields;
  }
}
