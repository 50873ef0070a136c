// A picture as it is kept: a PNG with its recipe in it, encoded once, and a small copy for rows of pictures.
import { nextTurn } from "../../common/let-messages-in";
import type { Picture } from "../../common/picture";
import type { Recipe } from "../../common/recipe";
import { recipePng } from "../../image/recipe-png";
import { idOf, type KeptPicture } from "./entry";

/** Pixels on the long side: sharp at the size of a row on a fine screen. */
const THUMBNAIL_SIDE = 256;
const THUMBNAIL_QUALITY = 0.8;

export interface Drawn {
  readonly recipe: Recipe;
  readonly picture: Picture;
}

export type MakeThumbnail = (picture: Picture) => Promise<Blob>;

export async function pngOf(drawn: Drawn): Promise<Blob> {
  return new Blob([await recipePng(drawn)], { type: "image/png" });
}

export interface Dating {
  readonly date: number;
  readonly isFavourite: boolean;
}

/** @param file the picture's PNG, where there is one already */
export async function keptPicture(
  drawn: Drawn,
  { date, isFavourite }: Dating,
  makeThumbnail: MakeThumbnail,
  file?: Blob,
): Promise<KeptPicture> {
  const { recipe, picture } = drawn;
  // The picture is painted first, and neither of the two holds up the page.
  await nextTurn();
  const png = file ?? (await pngOf(drawn));
  await nextTurn();
  const thumbnail = await makeThumbnail(picture);
  const byteLength = png.size + thumbnail.size;
  return { entry: { id: idOf(recipe), recipe, date, isFavourite, byteLength, thumbnail }, file: png };
}

/** Browsers that cannot write WebP give a PNG, which does as well. */
export async function canvasThumbnail({ width, height, data }: Picture): Promise<Blob> {
  const share = Math.min(1, THUMBNAIL_SIDE / Math.max(width, height));
  const [smallWidth, smallHeight] = [Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share))];
  const whole = document.createElement("canvas");
  whole.width = width;
  whole.height = height;
  whole.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
  const small = document.createElement("canvas");
  small.width = smallWidth;
  small.height = smallHeight;
  const context = small.getContext("2d");
  if (context !== null) {
    context.imageSmoothingQuality = "high";
    context.drawImage(whole, 0, 0, smallWidth, smallHeight);
  }
  return new Promise((resolve, reject) => {
    small.toBlob(
      (blob) => (blob === null ? reject(new Error("the browser gave no small copy")) : resolve(blob)),
      "image/webp",
      THUMBNAIL_QUALITY,
    );
  });
}
