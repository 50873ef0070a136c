// All pictures go into a ZIP and come out the same; what is no such ZIP, damaged or hostile, is refused or left out, and nothing hangs.
import fc from "fast-check";
import { strToU8, zipSync, type Zippable } from "fflate";
import { describe, expect, test } from "vitest";
import { RECIPE } from "../../common/testing/fakes";
import { encodePng } from "../../image/png";
import { pictureName } from "../../image/start-picture";
import { archiveOf, filesOfArchive, type ArchivedFile } from "./archive";
import { pngOf } from "./encoding";
import { idOf } from "./entry";
import { importedPicture } from "./importing";
import { entry } from "./testing/entries";

const picture = { width: RECIPE.width, height: RECIPE.height, data: new Uint8ClampedArray(4 * RECIPE.width * RECIPE.height).fill(255) };
const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
const png = async (change: Partial<typeof RECIPE> = {}) => bytesOf(await pngOf({ recipe: { ...RECIPE, ...change }, picture }));
const zip = (files: Zippable) => new Blob([new Uint8Array(zipSync(files))]);
const small = async () => new Blob(["small"]);

async function all(archive: Blob): Promise<readonly ArchivedFile[]> {
  const files: ArchivedFile[] = [];
  for await (const file of filesOfArchive(archive)) files.push(file);
  return files;
}

describe("there and back", () => {
  test("every picture, byte for byte, with its date and whether it is liked; equal names are told apart", async () => {
    const entries = [
      entry({ seed: "1", prompt: "a hill", date: Date.UTC(2026, 1, 3), isFavourite: true }),
      entry({ seed: "1", prompt: "A hill!", date: 5 }),
      entry({ seed: "2", prompt: "丘", date: Date.UTC(2200, 1) }),
    ];
    const done: number[] = [];
    const archive = await archiveOf(
      entries,
      ({ recipe }) => pngOf({ recipe, picture }),
      (count) => done.push(count),
    );
    expect(done).toEqual([1, 2, 3]);
    const files = await all(archive);
    expect(files.map(({ name, date, isFavourite }) => ({ name, date, isFavourite }))).toEqual([
      { name: "a-hill-1.png", date: Date.UTC(2026, 1, 3), isFavourite: true },
      { name: "a-hill-1-2.png", date: 5, isFavourite: false },
      { name: "丘-2.png", date: Date.UTC(2200, 1), isFavourite: false },
    ]);
    for (const [index, { file }] of files.entries()) {
      expect(file).toEqual(await png(entries[index]?.recipe));
    }
    const back = await importedPicture(files[0] ?? expect.unreachable(), small, Date.UTC(2027, 0));
    expect(back?.entry).toMatchObject({ recipe: entries[0]?.recipe, date: Date.UTC(2026, 1, 3), isFavourite: true });
    const future = await importedPicture(files[2] ?? expect.unreachable(), small, Date.UTC(2027, 0));
    expect(future?.entry.date, "nothing was drawn tomorrow").toBe(Date.UTC(2027, 0));
  });

  test("what pictures were drawn over goes along, once, and is taken only if it is what its name says", async () => {
    const start = { picture: await pictureName(picture), strength: 0.5 };
    const over = ["1", "2"].map((seed) => {
      const recipe = { ...RECIPE, seed, start };
      return { ...entry({ seed }), recipe, id: idOf(recipe) };
    });
    const exported = (file: () => Promise<Blob>) =>
      archiveOf(
        over,
        ({ recipe }) => pngOf({ recipe, picture }),
        () => undefined,
        file,
      );
    const plain = new Blob([await encodePng(picture)]);
    const files = await all(await exported(async () => plain));
    expect(files, "it is no picture of its own").toHaveLength(2);
    for (const file of files) {
      const back = await importedPicture(file, small, 1);
      expect(back?.start?.name).toBe(start.picture);
      expect(back?.start && (await bytesOf(back.start.file))).toEqual(await bytesOf(plain));
    }
    const other = new Blob([await encodePng({ ...picture, data: new Uint8ClampedArray(picture.data.length) })]);
    for (const wrong of [other, new Blob(["no picture"])]) {
      const [file] = await all(await exported(async () => wrong));
      const back = await importedPicture(file ?? expect.unreachable(), small, 1);
      expect(back?.entry.recipe.start).toEqual(start);
      expect(back?.start).toBeUndefined();
    }
  });

  test("a picture whose file is gone is left out", async () => {
    expect(
      await all(
        await archiveOf(
          [entry()],
          async () => undefined,
          () => undefined,
        ),
      ),
    ).toEqual([]);
  });

  test("a ZIP of another tool, compressed and without a list", async () => {
    const [file] = await all(zip({ "folder/a.PNG": [await png(), { level: 9 }], "read.me": strToU8("hello") }));
    expect(file).toMatchObject({ name: "folder/a.PNG", file: await png(), date: undefined, isFavourite: false });
  });
});

describe("what comes from anywhere", () => {
  test.each([
    ["nothing", new Blob([])],
    ["a text", new Blob(["PK, but no more of it"])],
    ["half of a ZIP", zip({ "a.png": [new Uint8Array(1000), { level: 0 }] }).slice(0, 500)],
  ])("%s is refused in words", async (_, archive) => {
    await expect(all(archive)).rejects.toMatchObject({ code: "invalid-input", message: expect.stringContaining("cannot be read") });
  });

  test("a picture that says it unpacks to more than any picture is not unpacked", async () => {
    const bomb = zip({ "a.png": [new Uint8Array(17 * 2 ** 20), { level: 9 }], "b.png": await png() });
    expect(bomb.size).toBeLessThan(100_000);
    expect((await all(bomb)).map(({ name }) => name)).toEqual(["b.png"]);
  });

  test("a list that is none says nothing", async () => {
    for (const list of ["{", "null", '[{"file":3}]', '[{"file":"a.png","date":"1","isFavourite":"yes"}]', '[{"file":"a.png","date":-1}]']) {
      expect(await all(zip({ "a.png": await png(), "gallery.json": strToU8(list) }))).toMatchObject([
        { date: undefined, isFavourite: false },
      ]);
    }
  });

  test("a ZIP that says it holds more files than anybody draws is refused", async () => {
    const bytes = await bytesOf(zip({ "a.png": await png() }));
    // The two counts of the end record.
    bytes.set([0xff, 0xff, 0xff, 0xff], bytes.length - 14);
    await expect(all(new Blob([bytes]))).rejects.toThrow("more than 20000 files");
  });

  test("a changed byte anywhere ends in a refusal or in files, and never in a picture with other pixels", async () => {
    const bytes = await bytesOf(zip({ "a.png": await png(), "gallery.json": strToU8('[{"file":"a.png","date":1,"isFavourite":true}]') }));
    const whole = await importedPicture({ name: "a.png", file: await png(), date: 1, isFavourite: false }, small, 2);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const changed = bytes.slice();
        changed[at] = (changed[at] ?? 0) ^ by;
        const files = await all(new Blob([changed])).catch((error: unknown) => {
          expect(error).toMatchObject({ code: "invalid-input" });
          return [];
        });
        for (const file of files) {
          const picture = await importedPicture(file, small, 2);
          if (picture !== undefined) expect(picture.entry.recipe).toEqual(whole?.entry.recipe);
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, () => Promise<Uint8Array<ArrayBuffer>>]>([
    ["a picture without a recipe", async () => (await import("../../image/png")).encodePng(picture)],
    ["a recipe of another size", () => png({ width: 64 })],
    ["a huge size", () => png({ width: 2048, height: 2048 })],
    ["no picture", async () => new Uint8Array([1, 2, 3])],
  ])("%s is not taken", async (_, file) => {
    expect(await importedPicture({ name: "a.png", file: await file(), date: 1, isFavourite: false }, small, 2)).toBeUndefined();
  });
});
