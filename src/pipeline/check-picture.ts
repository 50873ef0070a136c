// The last check of a finished picture before it is shown or kept, whichever engine drew it. A NaN
// anywhere in a network spreads over the whole picture and comes out of the RGBA conversion as one
// colour; so does the output of a device that was lost without an error. Previews are not checked: a first guess may be flat.
import { OnestrokeError } from "../common/errors";
import type { Picture } from "../common/picture";
import type { Size } from "./engine";

/**
 * @param size the size asked for
 * @throws OnestrokeError `bad-image`, detail `reason`
 */
export function checkPicture(picture: Picture, { width, height }: Size): void {
  const { data } = picture;
  if (picture.width !== width || picture.height !== height || data.length !== width * height * 4) {
    throw badImage("size", `the picture is ${picture.width}x${picture.height}, not ${width}x${height}`);
  }
  const pixels = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const first = pixels[0];
  if (pixels.every((pixel) => pixel === first)) throw badImage("constant", "the picture is all one colour");
}

function badImage(reason: string, message: string): OnestrokeError {
  return new OnestrokeError("bad-image", message, { reason });
}
