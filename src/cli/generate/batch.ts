// A file of pictures to make: a line of JSON for each, with the options' names as keys.
import { readFile } from "node:fs/promises";
import { decodeText } from "../../checkpoints/read-file";
import { OnestrokeError } from "../../common/errors";
import { parseJsonObject, shown } from "../../common/json";
import { invalid, parse } from "./check";
import { jobOf, RECIPE_OPTIONS, type Job, type RecipeOption } from "./job";

const TEXT_OPTIONS: readonly RecipeOption[] = ["prompt", "out", "negative", "variation", "start"];

/** One job for each line that is not empty. Line numbers in errors count all lines. */
export async function batchJobs(file: string): Promise<readonly Job[]> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new OnestrokeError("invalid-input", `--batch ${file} cannot be read`, { field: "batch" }, cause);
  });
  const lines = parse(() => decodeText(bytes, file)).split("\n");
  return lines.flatMap((line, index) => (line.trim() === "" ? [] : [batchJob(line, `${file} line ${index + 1}`)]));
}

function batchJob(line: string, where: string): Job {
  const fields: Partial<Record<RecipeOption, string>> = {};
  for (const [name, value] of Object.entries(parse(() => parseJsonObject(line, where)))) {
    const option = RECIPE_OPTIONS.find((known) => known === name);
    if (option === undefined) throw invalid(name, `${where}: "${name}" is not one of ${RECIPE_OPTIONS.join(", ")}`);
    const text = textOf(option, value);
    if (text === undefined) throw invalid(name, `${where}: "${name}" cannot be ${shown(value)}`);
    if (text !== null) fields[option] = text;
  }
  return jobOf(fields, 0n);
}

/** What a user would type for a value of a batch line; `null` for `null`, undefined for what cannot be typed. */
function textOf(option: RecipeOption, value: unknown): string | null | undefined {
  if (value === null || typeof value === "string") return value;
  // JSON.parse has already rounded larger integers, so such a seed is written as a string.
  const isExact = typeof value === "number" && (Number.isSafeInteger(value) || !Number.isInteger(value));
  return isExact && !TEXT_OPTIONS.includes(option) ? String(value) : undefined;
}
