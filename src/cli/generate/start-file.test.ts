// A picture to draw over from a file: its name is the page's, what it lets through is white, and resizing keeps what it should.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Picture } from "../../common/picture";
import { encodePng } from "../../image/png";
import { pictureName } from "../../image/start-picture";
import { fitPicture, readStart } from "./start-file";

const folder = await mkdtemp(join(tmpdir(), "onestroke-start-"));

function pictureOf(width: number, height: number, colour: (x: number, y: number) => readonly [number, number, number]): Picture {
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(colour(x, y), 4 * (y * width + x));
  return { width, height, data };
}

test("a PNG is read as it is, and has the name that the page gives it", async () => {
  const picture = pictureOf(5, 3, (x, y) => [x * 40, y * 60, 7]);
  await writeFile(join(folder, "one.png"), await encodePng(picture));
  expect(await readStart(join(folder, "one.png"))).toEqual({ name: await pictureName(picture), picture });
});

test.each([
  ["is not there", "nothing.png", undefined],
  ["is no PNG", "photo.jpg", "\u00ff\u00d8"],
])("a file that %s is refused by its name", async (_, name, bytes) => {
  const file = join(folder, name);
  if (bytes !== undefined) await writeFile(file, bytes);
  await expect(readStart(file)).rejects.toMatchObject({
    code: "invalid-input",
    message: expect.stringContaining(file),
    detail: { field: "start" },
    remedy: expect.stringContaining("PNG"),
  });
});

describe("resizing", () => {
  const side = fc.integer({ min: 1, max: 40 });

  test("leaves a picture of the size alone, and one colour that colour at any size", () => {
    const picture = pictureOf(6, 4, (x) => [x, 0, 0]);
    expect(fitPicture(picture, 6, 4)).toBe(picture);
    fc.assert(
      fc.property(side, side, side, side, (width, height, toWidth, toHeight) => {
        const plain = fitPicture(
          pictureOf(width, height, () => [10, 100, 200]),
          toWidth,
          toHeight,
        );
        expect(plain).toEqual(pictureOf(toWidth, toHeight, () => [10, 100, 200]));
      }),
    );
  });

  test("takes the middle for another ratio", () => {
    // Red at both ends, and blue where the middle is.
    const wide = pictureOf(60, 20, (x) => (x < 18 || x >= 42 ? [255, 0, 0] : [0, 0, 255]));
    expect(fitPicture(wide, 10, 10)).toEqual(pictureOf(10, 10, () => [0, 0, 255]));
  });

  test("keeps a slope a slope, when it becomes smaller and larger", () => {
    const small = fitPicture(
      pictureOf(64, 64, (x) => [4 * x, 0, 0]),
      16,
      16,
    );
    // Away from the border, a pixel is the mean of the four below it, with its neighbours' the same to both sides.
    for (let x = 2; x < 14; x++) expect(Math.abs((small.data[4 * x] ?? 0) - 4 * (4 * x + 1.5))).toBeLessThanOrEqual(1);
    const large = fitPicture(
      pictureOf(8, 8, (x) => [32 * x, 0, 0]),
      16,
      16,
    );
    for (let x = 2; x < 14; x++) expect(Math.abs((large.data[4 * x] ?? 0) - 32 * ((x + 0.5) / 2 - 0.5))).toBeLessThanOrEqual(1);
  });
});
