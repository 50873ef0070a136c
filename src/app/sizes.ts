// Sizes in ratios that people know. Each has about as many pixels as the pictures that the model was trained on, because a
// network draws best what it has seen, and because time and memory go by pixels.
import { MAX_SIDE, MIN_SIDE } from "../common/limits";
import type { KnownFacts } from "./known-facts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Of the long side to the short one. */
export const RATIOS = [
  { name: "1:1", upright: "1:1", ratio: 1 },
  { name: "4:3", upright: "3:4", ratio: 4 / 3 },
  { name: "3:2", upright: "2:3", ratio: 3 / 2 },
  { name: "16:9", upright: "9:16", ratio: 16 / 9 },
] as const;

type Frame = Pick<KnownFacts, "defaultSize" | "sizeMultiple">;

/** @param ratio of the long side to the short one */
export function sizeOfRatio(ratio: number, isUpright: boolean, { defaultSize, sizeMultiple }: Frame): Size {
  const long = nearestSide(defaultSize * Math.sqrt(ratio), sizeMultiple);
  const short = nearestSide(defaultSize / Math.sqrt(ratio), sizeMultiple);
  return isUpright ? { width: short, height: long } : { width: long, height: short };
}

/** The nearest side that the model can draw. @param multiple what its sides are multiples of */
export function nearestSide(side: number, multiple: number): number {
  const least = Math.ceil(MIN_SIDE / multiple) * multiple;
  const most = Math.floor(MAX_SIDE / multiple) * multiple;
  return Math.min(Math.max(Math.round(side / multiple) * multiple, least), most);
}

/** Whether the model was trained on pictures of another size. */
export function isUntrained({ width, height }: Size, { defaultSize }: Frame): boolean {
  return width !== defaultSize || height !== defaultSize;
}

/** How large a picture is shown, as a share of the room: one with few pixels is shown small, as it is. */
export function shownShare({ width, height }: Size, { defaultSize }: Pick<Frame, "defaultSize">): number {
  return Math.min(1, Math.sqrt(width * height) / (0.9 * defaultSize));
}
