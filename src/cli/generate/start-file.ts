// A picture file that is drawn over. It is resized here, because Node has no canvas: the page's browser resizes with its own, so only a
// picture of the recipe's size gives the very same result in both.
import { readFile } from "node:fs/promises";
import { OnestrokeError } from "../../common/errors";
import type { Picture } from "../../common/picture";
import { decodePng } from "../../image/png";
import { middleOf, pictureName } from "../../image/start-picture";

export interface StartFile {
  /** As recipes call it. */
  readonly name: string;
  readonly picture: Picture;
}

/** @throws OnestrokeError `invalid-input`, detail `field: "start"` */
export async function readStart(file: string): Promise<StartFile> {
  try {
    const picture = onWhite(await decodePng(await readFile(file)));
    return { name: await pictureName(picture), picture };
  } catch (cause) {
    const why = cause instanceof OnestrokeError ? cause.message : "it cannot be read";
    throw new OnestrokeError(
      "invalid-input",
      `--start ${file}: ${why}`,
      { field: "start", remedy: "Give a PNG of 8-bit RGB or RGBA. Other programs save any picture as one." },
      cause,
    );
  }
}

/** As in the page: what a picture lets through is white. */
function onWhite({ width, height, data }: Picture): Picture {
  const opaque = data.map((value, at) => {
    if (at % 4 === 3) return 255;
    const alpha = data[at - (at % 4) + 3] ?? 255;
    return Math.round((value * alpha + 255 * (255 - alpha)) / 255);
  });
  return { width, height, data: opaque };
}

/** The middle of a picture at another size, by a triangle filter that is as wide as what it makes one pixel of. The same size is the same picture. */
export function fitPicture(picture: Picture, width: number, height: number): Picture {
  if (picture.width === width && picture.height === height) return picture;
  const { left, top, width: cutWidth, height: cutHeight } = middleOf(picture, { width, height });
  const columns = tapsOf(picture.width, left, cutWidth, width);
  const rows = tapsOf(picture.height, top, cutHeight, height);
  // Along the lines first, and then across them.
  const narrow = new Float32Array(width * picture.height * 4);
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < width; x++) sumUp(picture.data, 4 * y * picture.width, 4, columns[x], narrow, 4 * (y * width + x));
  }
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) sumUp(narrow, 4 * x, 4 * width, rows[y], data, 4 * (y * width + x));
  }
  return { width, height, data };
}

/** What one output pixel is made of. */
interface Taps {
  readonly first: number;
  /** They sum up to 1. */
  readonly shares: readonly number[];
}

/** @param from pixels there are @param start of the cut, and `span` its length, in these pixels @param to pixels that are wanted */
function tapsOf(from: number, start: number, span: number, to: number): readonly Taps[] {
  const scale = span / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, at) => {
    const centre = start + (at + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(from - 1, Math.floor(centre + reach));
    const weights = Array.from({ length: last - first + 1 }, (__, tap) => 1 - Math.abs(first + tap - centre) / reach);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, shares: weights.map((weight) => weight / sum) };
  });
}

/** @param stride numbers between neighbours of the direction that is summed along */
function sumUp(
  from: ArrayLike<number>,
  base: number,
  stride: number,
  { first, shares }: Taps = { first: 0, shares: [] },
  to: { [at: number]: number },
  at: number,
): void {
  for (let channel = 0; channel < 4; channel++) {
    let sum = 0;
    for (const [tap, share] of shares.entries()) sum += share * (from[base + (first + tap) * stride + channel] ?? 0);
    to[at + channel] = sum;
  }
}
