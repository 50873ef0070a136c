// InvokeAI's metadata: one flat JSON object. Its names of version 3 and later are read.
import { jsonFields, seedOf, sizeOf, stepsOf, textOf, type ForeignRecipe, type Taken } from "./foreign-fields";

export const INVOKE_KEYWORD = "invokeai_metadata";

export function readInvoke(text: string): ForeignRecipe | undefined {
  const fields = jsonFields(text);
  if (fields === undefined) return undefined;
  const prompt = textOf(fields.get("positive_prompt"));
  const negative = textOf(fields.get("negative_prompt"));
  const seed = seedOf(fields.get("seed"));
  const steps = stepsOf(fields.get("steps"));
  const size = sizeOf(fields.get("width"), fields.get("height"));
  const taken: Taken = {
    ...(prompt !== undefined && { prompt }),
    ...(negative !== undefined && { negative }),
    ...(seed !== undefined && { seed }),
    ...(steps !== undefined && { steps }),
    ...size,
  };
  const understood = new Set([
    ...(prompt === undefined ? [] : ["positive_prompt"]),
    ...(negative === undefined ? [] : ["negative_prompt"]),
    ...(seed === undefined ? [] : ["seed"]),
    ...(steps === undefined ? [] : ["steps"]),
    ...(size === undefined ? [] : ["width", "height"]),
    "app_version",
  ]);
  const left = [...fields].filter(([name, value]) => !understood.has(name) && !isEmpty(value)).map(([name]) => name);
  return { tool: "InvokeAI", taken, left };
}

/** A field that says nothing, such as an empty list of LoRAs. */
function isEmpty(value: unknown): boolean {
  return value === null || value === "" || value === false || (Array.isArray(value) && value.length === 0);
}
