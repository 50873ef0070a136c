// A picture that somebody gives the page to draw over: read from a file, named by its pixels, and cut to the size that is drawn.
import type { Picture } from "../../common/picture";
import { withCameraFrame } from "./camera";

/** The longest side that is kept of it, in pixels: no picture that is drawn needs more. */
const MOST_SIDE = 2048;

/** The first 32 hexadecimal digits of a SHA-256 of size and pixels. */
export async function pictureName({ width, height, data }: Picture): Promise<string> {
  const bytes = new Uint8Array(8 + data.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes.set(data, 8);
  // Over plain http a browser has no digests, and the picture is named by chance.
  const { subtle }: Partial<Crypto> = crypto;
  if (subtle === undefined) return hex(crypto.getRandomValues(new Uint8Array(16)));
  return hex(new Uint8Array(await subtle.digest("SHA-256", bytes)).subarray(0, 16));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is cut out of a picture for another ratio: as much of its middle as fits. In pixels of the picture. */
export function middleOf(
  { width, height }: Pick<Picture, "width" | "height">,
  wanted: Pick<Picture, "width" | "height">,
): { readonly left: number; readonly top: number; readonly width: number; readonly height: number } {
  const scale = Math.min(width / wanted.width, height / wanted.height);
  const cut = { width: wanted.width * scale, height: wanted.height * scale };
  return { left: (width - cut.width) / 2, top: (height - cut.height) / 2, ...cut };
}

/** How pictures are read and cut; a test has no canvas. */
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

  // A canvas writes it beside the page's own work: a large one takes a while.
  file: (picture) =>
    new Promise((resolve, reject) => {
      wholeOf(picture).canvas.toBlob(
        (blob) => (blob === null ? reject(new Error("the browser wrote no PNG")) : resolve(blob)),
        "image/png",
      );
    }),

  fit(picture, width, height) {
    if (picture.width === width && picture.height === height) return picture;
    const whole = wholeOf(picture);
    const { left, top, width: cutWidth, height: cutHeight } = middleOf(picture, { width, height });
    return drawn(width, height, (context) => context.drawImage(whole.canvas, left, top, cutWidth, cutHeight, 0, 0, width, height));
  },
};

async function readImage(source: ImageBitmapSource): Promise<Picture> {
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
