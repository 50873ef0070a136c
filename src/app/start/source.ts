// How the page gets pictures to draw over, and cuts them to the size that is drawn.
import type { Picture } from "../../common/picture";
import { fitImage, imageFile, readImage } from "../../image/canvas-picture";
import { withCameraFrame } from "./camera";

/** A test has no canvas, and brings tools of its own. */
export interface PictureTools {
  /** @throws if it is no picture that this browser reads */
  read(file: Blob): Promise<Picture>;
  /** One frame of the camera. @throws OnestrokeError as `withCameraFrame` */
  snap(): Promise<Picture>;
  /** A PNG of exactly its pixels. */
  file(picture: Picture): Promise<Blob>;
  /** The middle of a picture at another size. The same size is the same picture. */
  fit(picture: Picture, width: number, height: number): Picture;
}

export const CANVAS_TOOLS: PictureTools = {
  read: readImage,
  snap: () => withCameraFrame(readImage),
  file: imageFile,
  fit: fitImage,
};
