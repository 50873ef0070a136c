// Any valid recipe. The table has a row for every field of the type, so a new field does not compile until it has its row,
// and then every test that carries a recipe somewhere carries that field too.
import fc from "fast-check";
import { MAX_LORA_WEIGHT, MAX_SEED, MAX_SIDE, MAX_STEPS, MIN_SIDE, MOST_TEXT_ROWS } from "../limits";
import { normalisePrompt, type Recipe } from "../recipe";
import { STEERING_RANGES, type Steering } from "../steering";
import type { WideNetwork } from "../wide-network";

const within = ([min, max]: readonly [number, number]) => fc.double({ min, max, noNaN: true }).map((value) => value + 0);
const { nasa, nag, vsf, sigmaEnd } = STEERING_RANGES;

const active = fc.oneof(
  fc.record({ method: fc.constant("nasa" as const), scale: within(nasa.scale) }),
  fc.record({ method: fc.constant("nag" as const), scale: within(nag.scale), tau: within(nag.tau), alpha: within(nag.alpha) }),
  fc.record({ method: fc.constant("vsf" as const), scale: within(vsf.scale), offset: within(vsf.offset) }),
);

const lora = fc.record(
  {
    name: fc.constantFrom("lcm-lora-sdv1-5", "style: ink, 2", "é (1):0.5", "at:1@0123456789ab"),
    weight: within([-MAX_LORA_WEIGHT, MAX_LORA_WEIGHT]),
    hash: fc.constantFrom("0123456789ab", "ba9876543210"),
  },
  { requiredKeys: ["name", "weight"] },
);

const FIELDS: { readonly [Field in keyof Recipe]-?: fc.Arbitrary<Exclude<Recipe[Field], undefined>> } = {
  loras: fc.array(lora, { minLength: 1, maxLength: 3 }),
  model: fc.constantFrom("vignette", "sd-turbo", "a.b_c-1"),
  revision: fc.constantFrom("0123456789ab", "b261bac6fd2c"),
  weights: fc.constantFrom("q8" as const, "q4" as const),
  inFloat32: fc.constantFrom(["autoencoder"], ["denoiser"], ["autoencoder", "denoiser"]) as fc.Arbitrary<readonly WideNetwork[]>,
  prompt: fc.string({ unit: "binary" }).map(normalisePrompt),
  negative: fc.string({ unit: "grapheme" }).map(normalisePrompt),
  emphasis: fc.constant("a1111" as const),
  rows: fc.integer({ min: 2, max: MOST_TEXT_ROWS }),
  steering: fc.oneof(
    fc.constant<Steering>({ method: "none" }),
    active,
    fc.tuple(active, within(sigmaEnd)).map(([steering, end]): Steering => ({ ...steering, sigmaEnd: end })),
  ),
  steps: fc.integer({ min: 1, max: MAX_STEPS }),
  sampler: fc.constantFrom("consistency" as const, "euler" as const, "tcd" as const),
  prediction: fc.constantFrom("epsilon" as const, "v_prediction" as const),
  seed: fc.bigInt({ min: 0n, max: MAX_SEED }).map(String),
  variations: fc.array(fc.record({ seed: fc.bigInt({ min: 0n, max: MAX_SEED }).map(String), strength: within([0, 1]) }), {
    minLength: 1,
    maxLength: 3,
  }),
  start: fc.record({
    picture: fc.constantFrom("0123456789abcdef0123456789abcdef", "0".repeat(32), "f".repeat(32)),
    strength: within([0, 1]),
  }),
  width: fc.integer({ min: MIN_SIDE, max: MAX_SIDE }),
  height: fc.integer({ min: MIN_SIDE, max: MAX_SIDE }),
};

const {
  loras: _,
  emphasis: __,
  rows: ___,
  variations: ____,
  start: _____,
  revision: ______,
  weights: _______,
  inFloat32: ________,
  sampler: _________,
  prediction: __________,
  ...required
} = FIELDS;

export const RECIPES: fc.Arbitrary<Recipe> = fc.oneof(fc.record(required), fc.record(FIELDS));
