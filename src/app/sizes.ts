// Sizes in ratios that people know. Each has about as many pixels as pictures that the model was trained on, because a
// network draws best what it has seen, and because time and memory go by pixels.
import { MAX_SIDE, MIN_SIDE } from "../common/limits";
import { trainedFor, type TrainedSize } from "../common/trained-sizes";
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

type Trained = Pick<KnownFacts, "trainedSizes">;

/**
 * @param ratio of the long side to the short one
 * @param trained what it has the number of pixels of
 */
export function sizeOfRatio(ratio: number, isUpright: boolean, { side, multiple }: TrainedSize): Size {
  const long = nearestSide(side * Math.sqrt(ratio), multiple);
  const short = nearestSide(side / Math.sqrt(ratio), multiple);
  return isUpright ? { width: short, height: long } : { width: long, height: short };
}

/** The nearest side that the model can draw. @param multiple what its sides are multiples of */
export function nearestSide(side: number, multiple: number): number {
  const least = Math.ceil(MIN_SIDE / multiple) * multiple;
  const most = Math.floor(MAX_SIDE / multiple) * multiple;
  return Math.min(Math.max(Math.round(side / multiple) * multiple, least), most);
}

/** The nearest size that the model can draw. What its sides are multiples of goes by the size, and may be another one once they are rounded. */
export function nearestSize(size: Size, { trainedSizes }: Trained): Size {
  const rounded = ({ width, height }: Size): Size => {
    const { multiple } = trainedFor({ width, height }, trainedSizes);
    return { width: nearestSide(width, multiple), height: nearestSide(height, multiple) };
  };
  return rounded(rounded(size));
}

/** A size in the same ratio, with about as many pixels as another of the sizes that the model was trained on. */
export function scaledTo({ side }: TrainedSize, { width, height }: Size, known: Trained): Size {
  const scale = side / Math.sqrt(width * height);
  return nearestSize({ width: width * scale, height: height * scale }, known);
}

/** Whether the model was trained on pictures of other sizes. */
export function isUntrained({ width, height }: Size, { trainedSizes }: Trained): boolean {
  return trainedSizes.every(({ side }) => width !== side || height !== side);
}

/** How large a picture is shown, as a share of the room: one with few pixels is shown small, as it is. */
export function shownShare({ width, height }: Size, { trainedSizes: [smallest] }: Trained): number {
  return Math.min(1, Math.sqrt(width * height) / (0.9 * smallest.side));
}
