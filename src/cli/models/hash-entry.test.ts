// The command that lists a shipped model's files in its entry.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashEntry } from "./hash-entry";

let models = "";
beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), "onestroke-models-"));
  await cp("models/catalogue", join(models, "catalogue"), { recursive: true });
  await cp("models/vignette", join(models, "vignette"), { recursive: true });
});
afterEach(() => rm(models, { recursive: true, force: true }));

test("an entry that is right stays as it is, and one changed file changes one line", async () => {
  const entry = join(models, "catalogue/vignette.json");
  const before = await readFile(entry, "utf8");
  expect(await hashEntry("vignette", models)).toBeGreaterThan(10);
  expect(await readFile(entry, "utf8")).toBe(before);

  const weights = join(models, "vignette/vae/config.json");
  await writeFile(weights, (await readFile(weights, "utf8")).replace("{", "{ "));
  await hashEntry("vignette", models);
  const after = await readFile(entry, "utf8");
  const changed = after.split("\n").filter((line) => !before.includes(line));
  expect(changed).toHaveLength(2);
});

test.each(["sd-turbo", "nothing"])("%s is refused", async (id) => {
  await expect(hashEntry(id, models)).rejects.toMatchObject({ code: "invalid-input" });
});
