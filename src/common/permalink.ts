// A recipe as query text and back: short names and plain values, readable in an address bar.
// The page keeps the text after the `#`, so that a shared prompt is never sent to a server.
import { MAX_SIDE } from "./limits";
import { loraFromText, loraToText } from "./recipe-lora";
import { invalid, parseRecipe, type Recipe } from "./recipe";
import { startFromText, startToText } from "./recipe-start";
import { variationFromText, variationToText } from "./recipe-variation";
import type { Steering } from "./steering";

export function recipeToQuery(recipe: Recipe): string {
  const query = new URLSearchParams({ prompt: recipe.prompt });
  if (recipe.negative !== "") query.set("negative", recipe.negative);
  if (recipe.emphasis !== undefined) query.set("emphasis", recipe.emphasis);
  if (recipe.rows !== undefined) query.set("rows", String(recipe.rows));
  // With a negative text, "none" is a choice; without one there is nothing to choose.
  if (recipe.negative !== "" || recipe.steering.method !== "none") query.set("steering", steeringToText(recipe.steering));
  query.set("steps", String(recipe.steps));
  if (recipe.sampler !== undefined) query.set("sampler", recipe.sampler);
  if (recipe.prediction !== undefined) query.set("prediction", recipe.prediction);
  query.set("seed", recipe.seed);
  for (const variation of recipe.variations ?? []) query.append("variation", variationToText(variation));
  if (recipe.start !== undefined) query.set("start", startToText(recipe.start));
  query.set("size", `${recipe.width}x${recipe.height}`);
  query.set("model", recipe.model);
  if (recipe.revision !== undefined) query.set("revision", recipe.revision);
  if (recipe.weights !== undefined) query.set("weights", recipe.weights);
  if (recipe.inFloat32 !== undefined) query.set("float32", recipe.inFloat32.join());
  for (const lora of recipe.loras ?? []) query.append("lora", loraToText(lora));
  return query.toString();
}

/**
 * What the query states, and `defaults` for the rest.
 * @throws OnestrokeError `invalid-input`, detail `field`
 */
export function recipeFromQuery(text: string, defaults: Recipe): Recipe {
  const query = new URLSearchParams(text);
  const steps = query.get("steps");
  const size = query.get("size");
  const steering = query.get("steering");
  const rows = query.get("rows");
  const start = query.get("start");
  return parseRecipe({
    model: query.get("model") ?? defaults.model,
    revision: query.get("revision") ?? defaults.revision,
    weights: query.get("weights") ?? defaults.weights,
    inFloat32: query.get("float32")?.split(",") ?? defaults.inFloat32,
    loras: query.has("lora") ? query.getAll("lora").map(loraFromText) : defaults.loras,
    prompt: query.get("prompt") ?? defaults.prompt,
    negative: query.get("negative") ?? defaults.negative,
    emphasis: query.get("emphasis") ?? defaults.emphasis,
    rows: rows === null ? defaults.rows : wholeNumber(rows, "rows"),
    steering: steering === null ? defaults.steering : steeringFromText(steering),
    steps: steps === null ? defaults.steps : wholeNumber(steps, "steps"),
    sampler: query.get("sampler") ?? defaults.sampler,
    prediction: query.get("prediction") ?? defaults.prediction,
    seed: query.get("seed") ?? defaults.seed,
    variations: query.has("variation") ? query.getAll("variation").map(variationFromText) : defaults.variations,
    start: start === null ? defaults.start : startFromText(start),
    ...(size === null ? { width: defaults.width, height: defaults.height } : sizeFromText(size)),
  });
}

/** As far as a link can be read: its good settings over `defaults`, and the names of those that are not. */
export function readQuery(text: string, defaults: Recipe): { readonly recipe: Recipe; readonly refused: readonly string[] } {
  let recipe = defaults;
  const refused: string[] = [];
  const query = new URLSearchParams(text);
  // LoRAs and variations come several times, and belong together.
  for (const name of new Set(query.keys())) {
    try {
      recipe = recipeFromQuery(new URLSearchParams(query.getAll(name).map((value) => [name, value])).toString(), recipe);
    } catch {
      refused.push(name);
    }
  }
  return { recipe, refused };
}

function steeringToText(steering: Steering): string {
  switch (steering.method) {
    case "none":
      return "none";
    case "nasa":
      return numbersToText("nasa", steering.scale, steering.sigmaEnd);
    case "nag":
      return numbersToText("nag", steering.scale, steering.tau, steering.alpha, steering.sigmaEnd);
    case "vsf":
      return numbersToText("vsf", steering.scale, steering.offset, steering.sigmaEnd);
  }
}

function numbersToText(method: string, ...numbers: readonly (number | undefined)[]): string {
  return [method, ...numbers.filter((number) => number !== undefined)].join(",");
}

/** The result is not yet checked: `parseRecipe` checks names and ranges. */
function steeringFromText(text: string): unknown {
  const [method, ...numbers] = text.split(",");
  if (method === "nag") {
    const [scale, tau, alpha, sigmaEnd] = numbers.map(Number);
    return { method, scale, tau, alpha, sigmaEnd };
  }
  if (method === "vsf") {
    const [scale, offset, sigmaEnd] = numbers.map(Number);
    return { method, scale, offset, sigmaEnd };
  }
  const [scale, sigmaEnd] = numbers.map(Number);
  return { method, scale, sigmaEnd };
}

function sizeFromText(text: string): { width: number; height: number } {
  const [width, height, ...rest] = text.split("x");
  if (width === undefined || height === undefined || rest.length > 0) {
    throw invalid("size", `a size reads like 256x256, each side at most ${MAX_SIDE}`);
  }
  return { width: wholeNumber(width, "width"), height: wholeNumber(height, "height") };
}

function wholeNumber(text: string, field: string): number {
  if (!/^\d{1,9}$/.test(text)) throw invalid(field, `${field} must be a whole number`);
  return Number(text);
}
