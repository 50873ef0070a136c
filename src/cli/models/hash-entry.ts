// Writes into a catalogue entry what its files are, for a model that ships with the project and whose files have changed.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCatalogueEntry } from "../../catalogue/entry";
import { publishedFiles } from "../../checkpoints/published-files";
import { parseJsonObject } from "../../common/json";
import { OnestrokeError } from "../../common/errors";

/**
 * @param models folder that holds `catalogue` and a folder for each model
 * @returns how many files it lists now
 * @throws OnestrokeError `invalid-input` where the model does not ship with the project
 */
export async function hashEntry(id: string, models: string): Promise<number> {
  const file = join(models, "catalogue", `${id}.json`);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new OnestrokeError("invalid-input", `${file} cannot be read`, { model: id }, cause);
  });
  const value = parseJsonObject(text, file);
  const { base } = parseCatalogueEntry(value, file);
  if (base?.revision !== "") throw new OnestrokeError("invalid-input", `${id} does not ship with the project`, { model: id });
  const files = await publishedFiles(join(models, base.repository));
  await writeFile(file, `${JSON.stringify({ ...value, files }, undefined, 2)}\n`);
  return files.length;
}
