// A latent is as large as the decoder of that size needs it, and a picture to draw over is read at the size that makes that latent.
import { expect, test } from "vitest";
import { averaged } from "./averaged";
import { latentOf, readSize, scalesOf, trainedSizesOf } from "./scales";

const USUAL = { factor: 8 };
const scales = scalesOf(32, USUAL, { factor: 16 });
const square = (side: number) => ({ width: side, height: side });

test("32 x 32 latents become 256 x 256 or 512 x 512; control: with one decoder 512 x 512 is of 64 x 64", () => {
  expect(trainedSizesOf(scales)).toEqual([
    { side: 256, multiple: 8 },
    { side: 512, multiple: 16 },
  ]);
  expect([latentOf(square(256), scales), latentOf(square(512), scales)]).toEqual([square(32), square(32)]);
  expect(latentOf({ width: 768, height: 512 }, scales)).toEqual({ width: 48, height: 32 });
  expect(latentOf(square(512), scalesOf(32, USUAL))).toEqual(square(64));
});

test("sides are multiples of what the denoiser halves too", () => {
  expect(trainedSizesOf(scalesOf(32, USUAL, { factor: 16 }, 4)).map(({ multiple }) => multiple)).toEqual([32, 64]);
});

test("the encoder reads what makes the latent", () => {
  expect(readSize({ width: 768, height: 512 }, scales, USUAL)).toEqual({ width: 384, height: 256 });
  expect(readSize(square(256), scales, USUAL)).toEqual(square(256));
});

test("a picture is averaged down in squares of pixels, each channel for itself; the same size is the same picture", () => {
  const rows = [
    [0, 20, 100, 100],
    [40, 60, 100, 104],
  ];
  const data = Uint8ClampedArray.from(rows.flat().flatMap((value) => [value, value + 1, 2 * value, 255]));
  const picture = { width: 4, height: 2, data };
  expect(averaged(picture, { width: 2, height: 1 })).toEqual({
    width: 2,
    height: 1,
    data: Uint8ClampedArray.of(30, 31, 60, 255, 101, 102, 202, 255),
  });
  expect(averaged(picture, { width: 4, height: 2 })).toBe(picture);
});
