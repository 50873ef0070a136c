// What `--tune FILE` measured holds for later commands on the same adapter.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Tuning } from "../../engine/tuning";
import { measureToFile, followTuningFile } from "./tuning-file";

const TUNING: Tuning = new Map([["f16 linear f16 64x64x512", { tile: "wide", splits: 2 }]]);

const deviceOf = (name: string): { readonly name: string; tuning: Tuning; useTuning(tuning: Tuning): void } => ({
  name,
  tuning: new Map(),
  useTuning(tuning) {
    this.tuning = tuning;
  },
});

const place = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), "onestroke-tuning-")), "tuning.json");

test("what was measured is taken by the next command, on the same adapter alone", async () => {
  const [file, here, later, other] = [await place(), deviceOf("a GPU"), deviceOf("a GPU"), deviceOf("another GPU")];
  await followTuningFile(file, here);
  expect(here.tuning).toEqual(new Map());
  await measureToFile(file, here, { tune: async () => here.useTuning(TUNING) });
  await followTuningFile(file, later);
  expect(later.tuning).toEqual(TUNING);
  await followTuningFile(file, other);
  expect(other.tuning).toEqual(new Map());
});

test("nothing is written where nothing is new", async () => {
  const [file, here] = [await place(), deviceOf("a GPU")];
  const text = '{"version":"another","choices":[]}';
  await writeFile(file, text);
  await followTuningFile(file, here);
  await measureToFile(file, here, { tune: async () => undefined });
  expect([here.tuning, await readFile(file, "utf8")]).toEqual([new Map(), text]);
});

test.each(["a picture", "{", "null", '{"choices":7}'])("a file of something else is not written over: %s", async (text) => {
  const file = await place();
  await writeFile(file, text);
  await expect(followTuningFile(file, deviceOf("a GPU"))).rejects.toMatchObject({ code: "invalid-input", detail: { field: "tune" } });
  await expect(followTuningFile(join(file, ".."), deviceOf("a GPU")), "a folder").rejects.toMatchObject({ code: "invalid-input" });
});

test("a file that cannot be written is named", async () => {
  const here = deviceOf("a GPU");
  const measuring = measureToFile(join(await place(), "no/folder"), here, { tune: async () => here.useTuning(TUNING) });
  await expect(measuring).rejects.toMatchObject({ code: "invalid-input", detail: { field: "tune" } });
});
