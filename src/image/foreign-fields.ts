// Fields of other tools' recipes. Each is read with the limits of a recipe here, and undefined where it is none.
import { MAX_SIDE, MAX_STEPS, MIN_SIDE } from "../common/limits";
import { normalisePrompt, parseSeed, type Recipe } from "../common/recipe";

export interface ForeignRecipe {
  /** Undefined where several tools write alike. */
  readonly tool: string | undefined;
  /** What means the same here. */
  readonly taken: Taken;
  /** The names of the other fields, as the file has them. */
  readonly left: readonly string[];
}

export type Taken = Partial<Pick<Recipe, "prompt" | "negative" | "steps" | "seed" | "width" | "height">>;

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? normalisePrompt(value) : undefined;
}

export function stepsOf(value: unknown): number | undefined {
  return within(value, 1, MAX_STEPS);
}

export function sideOf(value: unknown): number | undefined {
  return within(value, MIN_SIDE, MAX_SIDE);
}

export function seedOf(value: unknown): string | undefined {
  try {
    return parseSeed(value);
  } catch {
    return undefined;
  }
}

/** Both sides or none: half a size is none. */
export function sizeOf(width: unknown, height: unknown): Pick<Recipe, "width" | "height"> | undefined {
  const size = { width: sideOf(width), height: sideOf(height) };
  return size.width === undefined || size.height === undefined ? undefined : { width: size.width, height: size.height };
}

function within(value: unknown, least: number, most: number): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most ? value : undefined;
}

/** A JSON object's own fields; undefined for everything else. The text comes from anywhere. */
export function jsonFields(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? new Map(Object.entries(value)) : undefined;
}
