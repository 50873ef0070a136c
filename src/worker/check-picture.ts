// The last look at a picture before it leaves the worker. A NaN anywhere in a network
// spreads over the whole picture and comes out of the RGBA conversion as one colour, as
// does a device that was lost without an error; both would otherwise be shown as a result.
import { OnestrokeError } from "../errors";
import type { RgbaImage } from "../pipeline/request";

/** @throws OnestrokeError `bad-image`, detail `reason` */
export function checkPicture(image: RgbaImage, width: number, height: number): void {
  const { data } = image;
  if (image.width !== width || image.height !== height || data.length !== width * height * 4) {
    throw badImage("size", `the picture is ${image.width}x${image.height}, not ${width}x${height}`);
  }
  const pixels = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const first = pixels[0];
  if (pixels.every((pixel) => pixel === first)) throw badImage("constant", "the picture is all one colour");
}

function badImage(reason: string, message: string): OnestrokeError {
  return new OnestrokeError("bad-image", message, { reason });
}
