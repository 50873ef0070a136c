// One picture to make, as options or a batch line describe it. All of it that does not depend on the model is checked before one is opened.
import { emphasisOf } from "../../common/emphasis";
import { MIN_SIDE } from "../../common/limits";
import type { ModelFacts } from "../../common/model-facts";
import { parseRecipe, parseSeed, type Recipe } from "../../common/recipe";
import { variationFromText } from "../../common/recipe-variation";
import { STEERING_RANGES, type Steering } from "../../common/steering";
import type { SteeringDefaults } from "../../common/steering-defaults";
import { invalid, whole } from "./check";
import { USAGE, USUAL_STRENGTH } from "./usage";

/** The options that make one picture; a batch line has them as keys. */
export const RECIPE_OPTIONS = [
  "prompt",
  "out",
  "negative",
  "nasa",
  "nag",
  "vsf",
  "vsf-offset",
  "sigma-end",
  "steps",
  "seed",
  "variation",
  "start",
  "strength",
  "width",
  "height",
] as const;
export type RecipeOption = (typeof RECIPE_OPTIONS)[number];
export type RecipeFields = Readonly<Partial<Record<RecipeOption, string | undefined>>>;

/** One picture to make. */
export interface Job {
  readonly file: string;
  /** The file of the picture that is drawn over, and how much of it; undefined where it begins with noise. */
  readonly start: { readonly file: string; readonly strength: number } | undefined;
  /** The recipe, with the model's own values for what the options leave out. */
  recipe(model: Pick<ModelFacts, "id" | "loras" | "defaultSize" | "steering">): Recipe;
}

/** @throws OnestrokeError `invalid-input` naming the option */
export function jobOf(fields: RecipeFields, seedOffset: bigint): Job {
  const { prompt, out, negative = "" } = fields;
  if (prompt === undefined) throw invalid("prompt", `--prompt is needed\n${USAGE}`);
  if (out === undefined) throw invalid("out", `--out is needed\n${USAGE}`);
  const seed = BigInt(parseSeed(fields.seed ?? "0")) + seedOffset;
  const side = (name: "width" | "height") => (fields[name] === undefined ? undefined : whole(name, fields[name]));
  const [width, height] = [side("width"), side("height")];
  const steering = steeringFrom(fields);
  // The rest does not depend on the model, so it is checked against a recipe's bounds before a model is opened.
  const said = parseRecipe({
    model: "model",
    prompt,
    negative,
    ...emphasisOf(prompt, negative),
    steps: fields.steps === undefined ? 1 : whole("steps", fields.steps),
    seed,
    variations: fields.variation?.split(",").map(variationFromText),
    width: width ?? MIN_SIDE,
    height: height ?? MIN_SIDE,
  });
  return {
    file: out,
    start: startFrom(fields),
    recipe: ({ id, loras, defaultSize, steering: usual }) => ({
      ...said,
      model: id,
      ...(loras === undefined ? {} : { loras }),
      steering: said.negative === "" ? { method: "none" } : steering(usual),
      width: width ?? defaultSize,
      height: height ?? defaultSize,
    }),
  };
}

/** Method, strength and end as far as the options state them, and the model's own for the rest. */
function steeringFrom(fields: RecipeFields): (usual: SteeringDefaults) => Steering {
  const nasa = dial(fields, "nasa", STEERING_RANGES.nasa.scale);
  const nag = dial(fields, "nag", STEERING_RANGES.nag.scale);
  const vsf = dial(fields, "vsf", STEERING_RANGES.vsf.scale);
  const offset = dial(fields, "vsf-offset", STEERING_RANGES.vsf.offset);
  const sigmaEnd = dial(fields, "sigma-end", STEERING_RANGES.sigmaEnd);
  const [, second] = Object.entries({ nasa, nag, vsf }).filter(([, scale]) => scale !== undefined);
  if (second !== undefined) throw invalid(second[0], "--nasa, --nag and --vsf exclude each other");
  if (offset !== undefined && vsf === undefined) throw invalid("vsf-offset", "--vsf-offset belongs to --vsf");
  const end = sigmaEnd === undefined ? {} : { sigmaEnd };
  return (usual) => {
    if (nasa !== undefined) return { ...usual.nasa, scale: nasa, ...end };
    if (nag !== undefined) return { ...usual.nag, scale: nag, ...end };
    if (vsf !== undefined) return { ...usual.vsf, scale: vsf, ...(offset === undefined ? {} : { offset }), ...end };
    return { ...usual[usual.method], ...end };
  };
}

function startFrom({ start, strength }: RecipeFields): Job["start"] {
  if (start === undefined) {
    if (strength !== undefined)
      throw invalid("strength", "--strength says how much of a picture is drawn over: name the picture with --start");
    return undefined;
  }
  if (start === "") throw invalid("start", "--start is a PNG file");
  const share = strength === undefined ? USUAL_STRENGTH : Number(strength);
  if (strength?.trim() === "" || !(share >= 0 && share <= 1)) throw invalid("strength", `--strength lies between 0 and 1, not ${strength}`);
  return { file: start, strength: share };
}

function dial(
  fields: RecipeFields,
  name: "nasa" | "nag" | "vsf" | "vsf-offset" | "sigma-end",
  [least, most]: readonly [number, number],
): number | undefined {
  const text = fields[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most)) {
    throw invalid(name, `--${name} lies between ${least} and ${most}, not ${text}`);
  }
  return value;
}
