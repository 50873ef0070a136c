// A tokenizer's file contains patterns and replacements that run over every prompt, and a malicious pattern could run for ever.
// JavaScript cannot stop a running pattern, so only patterns are accepted whose form bounds their time: alternatives that repeat
// in at most one place take no more than the square of the text's length. CLIP's patterns have that form.
import { Fields, isJsonObject, shown, type JsonObject } from "../common/json";

/** Steps of a normaliser or a splitter; sequences count, and so do the steps in them. */
const MOST_STEPS = 32;
const MOST_PATTERN_CHARACTERS = 1000;
/** The limit is low because each replacement may lengthen the text. */
const MOST_REPLACEMENTS = 4;
const MOST_REPLACEMENT_CHARACTERS = 8;

/** @throws OnestrokeError `model-unsupported` naming the field */
export function checkPatterns(definition: JsonObject, where: string): void {
  for (const field of ["normalizer", "pre_tokenizer"] as const) {
    const fields = new Fields(definition, where);
    const steps = stepsOf(definition[field]);
    if (steps.length > MOST_STEPS) throw fields.unsupported(field, `has more than ${MOST_STEPS} steps`);
    const replacements = steps.filter(({ type }) => type === "Replace" || type === "Prepend");
    if (replacements.length > MOST_REPLACEMENTS) throw fields.unsupported(field, `replaces more than ${MOST_REPLACEMENTS} times`);
    for (const step of steps) checkStep(step, field, fields);
  }
}

function checkStep(step: JsonObject, field: string, fields: Fields): void {
  const { pattern } = step;
  for (const replacement of [step["content"], step["prepend"]]) {
    if (typeof replacement === "string" && replacement.length > MOST_REPLACEMENT_CHARACTERS)
      throw fields.unsupported(field, `has the replacement ${shown(replacement)}, which is too long`);
  }
  // Without a pattern that it supports, the library would leave nothing of a text.
  const isNeeded = step["type"] === "Split" || step["type"] === "Replace";
  if (pattern === undefined && !isNeeded) return;
  const { Regex: regex, String: literal } = isJsonObject(pattern) ? pattern : {};
  const text = regex ?? literal;
  if (typeof text !== "string" || text === "") throw fields.unsupported(field, `has the pattern ${shown(pattern)}, which is not a pattern`);
  if (text.length > MOST_PATTERN_CHARACTERS || (regex !== undefined && !isBounded(text)))
    throw fields.unsupported(field, `has the pattern ${shown(text)}, which may take too long`);
}

/** Every step, in no particular order; counting stops once there are too many. */
function stepsOf(root: unknown): readonly JsonObject[] {
  const found: JsonObject[] = [];
  const waiting: unknown[] = [root];
  for (let step = waiting.pop(); step !== undefined && found.length <= MOST_STEPS; step = waiting.pop()) {
    if (!isJsonObject(step)) continue;
    found.push(step);
    for (const inner of [step["normalizers"], step["pretokenizers"]])
      if (Array.isArray(inner)) waiting.push(...inner.slice(0, MOST_STEPS + 1));
  }
  return found;
}

/** A class or a character, escaped or not, but nothing that groups, repeats or looks around. */
const ATOM = String.raw`(?:\[(?:[^\]\\]|\\.)+\]|\\[pP]\{[\w=]+\}|\\[^\dkbBpPu]|[^\\()[\]{}|*+?])`;
const ALTERNATIVE = `${ATOM}*(?:${ATOM}[*+?])?${ATOM}*`;
const BOUNDED = new RegExp(`^(?:${ALTERNATIVE})(?:\\|(?:${ALTERNATIVE}))*$`, "u");

export function isBounded(pattern: string): boolean {
  return BOUNDED.test(pattern);
}
