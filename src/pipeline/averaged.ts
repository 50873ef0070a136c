// A picture in fewer pixels, each the mean of those in its place: what an encoder reads where a finer decoder draws more than it does.
import { invariant } from "../common/errors";
import type { Picture } from "../common/picture";
import type { Size } from "./engine";

/**
 * @param size whose sides divide those of the picture by the same whole number; with 1 it is the same picture
 */
export function averaged(picture: Picture, { width, height }: Size): Picture {
  const by = picture.width / width;
  invariant(Number.isInteger(by) && picture.height === by * height, "the picture has so many pixels for each that is read");
  if (by === 1) return picture;
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < data.length; i++) {
    const [channel, x, y] = [i % 4, Math.floor(i / 4) % width, Math.floor(i / (4 * width))];
    let sum = 0;
    for (let row = y * by; row < (y + 1) * by; row++) {
      for (let column = x * by; column < (x + 1) * by; column++) sum += picture.data[4 * (row * picture.width + column) + channel] ?? 0;
    }
    data[i] = sum / by ** 2;
  }
  return { width, height, data };
}
