// A picture passes if it has the size asked for and at least two colours.
import { expect, test } from "vitest";
import { checkPicture } from "./check-picture";

const SIZE = { width: 3, height: 2 };
const flat = new Uint8ClampedArray(4 * 3 * 2).fill(90);
const drawn = flat.with(8, 91);

test("control: a picture", () => {
  expect(() => checkPicture({ ...SIZE, data: drawn }, SIZE)).not.toThrow();
});

test.each([
  ["one colour", { ...SIZE, data: flat }, "constant"],
  ["another shape of as many pixels", { width: 2, height: 3, data: drawn }, "size"],
  ["too few pixels", { ...SIZE, data: drawn.slice(4) }, "size"],
])("G16 %s is none", (_, image, reason) => {
  expect(() => checkPicture(image, SIZE)).toThrow(expect.objectContaining({ code: "bad-image", detail: { reason } }));
});
