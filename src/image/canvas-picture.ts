// Pictures by way of a canvas: whatever the browser reads, at a size that can be drawn over.
import type { Picture } from "../common/picture";
import { middleOf } from "./start-picture";

/** The longest side that is kept of one, in pixels: no picture that is drawn needs more. */
const MOST_SIDE = 2048;

/** The middle of a picture at another size. The same size is the same picture. */
export function fitImage(picture: Picture, width: number, height: number): Picture {
  if (picture.width === width && picture.height === height) return picture;
  const whole = wholeOf(picture);
  const { left, top, width: cutWidth, height: cutHeight } = middleOf(picture, { width, height });
  return drawn(width, height, (context) => context.drawImage(whole.canvas, left, top, cutWidth, cutHeight, 0, 0, width, height));
}

/** A PNG of exactly its pixels, which is written beside the page's own work: a large one takes a while. */
export function imageFile(picture: Picture): Promise<Blob> {
  return new Promise((resolve, reject) => {
    wholeOf(picture).canvas.toBlob((blob) => (blob === null ? reject(new Error("the browser wrote no PNG")) : resolve(blob)), "image/png");
  });
}

/** @throws if it is no picture that this browser reads */
export async function readImage(source: ImageBitmapSource): Promise<Picture> {
  const bitmap = await createImageBitmap(source);
  try {
    const scale = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
    const [width, height] = [Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale))];
    return drawn(width, height, (context) => context.drawImage(bitmap, 0, 0, width, height));
  } finally {
    bitmap.close();
  }
}

/** Opaque: what a picture lets through is white. */
function drawn(width: number, height: number, draw: (context: CanvasRenderingContext2D) => void): Picture {
  const { context } = canvasOf(width, height);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  draw(context);
  return { width, height, data: new Uint8ClampedArray(context.getImageData(0, 0, width, height).data) };
}

interface Canvas {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
}

/** A canvas with a picture on it. */
function wholeOf({ width, height, data }: Picture): Canvas {
  const whole = canvasOf(width, height);
  whole.context.putImageData(new ImageData(data, width, height), 0, 0);
  return whole;
}

function canvasOf(width: number, height: number): Canvas {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser gives no canvas of that size");
  return { canvas, context };
}
