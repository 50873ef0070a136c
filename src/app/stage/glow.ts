// What the glow behind a picture is made of: a copy of few pixels, because it is blurred until no detail is left, and all pixels of a large
// picture would keep the page busy a second time.
import type { Picture } from "../../common/picture";

/** Pixels along the longer side. */
const SIDE = 64;
/** Each of its pixels has the mean colour of so many by so many of the part that it stands for. */
const PLACES = 2;

/** A copy with the same ratio and about the same colours. One that is as small already is the picture itself. */
export function glowOf(picture: Picture): Picture {
  const scale = SIDE / Math.max(picture.width, picture.height);
  if (scale >= 1) return picture;
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const sums = new Float32Array(4 * width * height);
  for (let row = 0; row < PLACES * height; row++) {
    const y = Math.floor(((row + 0.5) / (PLACES * height)) * picture.height);
    for (let column = 0; column < PLACES * width; column++) {
      const x = Math.floor(((column + 0.5) / (PLACES * width)) * picture.width);
      const from = 4 * (y * picture.width + x);
      const to = 4 * (Math.floor(row / PLACES) * width + Math.floor(column / PLACES));
      for (let channel = 0; channel < 4; channel++) sums[to + channel] = (sums[to + channel] ?? 0) + (picture.data[from + channel] ?? 0);
    }
  }
  return { width, height, data: Uint8ClampedArray.from(sums, (sum) => sum / PLACES ** 2) };
}
