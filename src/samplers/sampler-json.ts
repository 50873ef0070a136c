// A sampler that is written out by hand in the catalogue. Every such student so far was
// distilled from Stable Diffusion, so its noise schedule is not written out.
import type { Fields, Range } from "../common/json";
import { assertNever } from "../common/errors";
import { STABLE_DIFFUSION_NOISE } from "./alphas";
import type { EulerTimesteps } from "./euler";
import type { Sampler, SamplerRule } from "./sampler";

const STEPS: Range = [1, STABLE_DIFFUSION_NOISE.trainTimesteps];
const TIMESTEPS: Range = [0, STABLE_DIFFUSION_NOISE.trainTimesteps - 1];

/** @throws OnestrokeError `model-unsupported` naming the field */
export function parseSampler(fields: Fields): Sampler {
  return {
    rule: parseRule(fields),
    noise: STABLE_DIFFUSION_NOISE,
    predictionType: fields.optionalOneOf("predictionType", ["epsilon", "v_prediction", "sample"]) ?? "epsilon",
  };
}

/** A parser for every rule; if one is missing, the compiler names it. */
const RULES = {
  consistency: "consistency",
  listed: "listed",
  euler: "euler",
  tcd: "tcd",
  "average-velocity": "average-velocity",
  direct: "direct",
} as const satisfies { readonly [Rule in SamplerRule["rule"]]: Rule };

function parseRule(fields: Fields): SamplerRule {
  const rule = fields.oneOf("rule", Object.values(RULES));
  switch (rule) {
    case "consistency":
      return { rule, originalSteps: fields.integer("originalSteps", STEPS), timestepShift: fields.integer("timestepShift", STEPS) };
    case "listed":
      return {
        rule,
        lists: fields.objects("lists").map((list) => {
          const lists = { network: list.integers("network", TIMESTEPS), renoise: list.integers("renoise", TIMESTEPS) };
          if (lists.network.length === 0 || lists.network.length !== lists.renoise.length) {
            throw list.unsupported("renoise", 'does not have as many steps as "network"');
          }
          return lists;
        }),
      };
    case "euler":
      return {
        rule,
        timesteps: parseTimesteps(fields),
        ancestral: fields.optionalBoolean("ancestral") ?? false,
      };
    case "tcd":
      return { rule, originalSteps: fields.integer("originalSteps", STEPS) };
    case "average-velocity":
      return { rule };
    case "direct":
      return { rule, sigma: fields.number("sigma", [1e-3, 1e4]) };
    default:
      return assertNever(rule);
  }
}

function parseTimesteps(fields: Fields): EulerTimesteps {
  const spacing = fields.oneOf("spacing", ["trailing", "leading"]);
  return spacing === "trailing" ? { spacing } : { spacing, stepsOffset: fields.optionalInteger("stepsOffset", TIMESTEPS) ?? 0 };
}
