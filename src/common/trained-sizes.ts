// The sizes that a model was trained on: one, or two where it has a second decoder that makes more pixels of the same latents. What draws a
// picture goes by its size alone, so that a recipe is the same picture wherever it is drawn.

export interface TrainedSize {
  /** Pixels along each side. */
  readonly side: number;
  /** Widths and heights of pictures that are drawn as this one is are multiples of this. */
  readonly multiple: number;
}

/** At least one, the smallest first. */
export type TrainedSizes<Size extends { readonly side: number } = TrainedSize> = readonly [Size, ...Size[]];

/** Which one a picture is nearest to, by the ratio of their areas; right between two it is the smaller one. */
export function trainedFor<Size extends { readonly side: number }>(
  { width, height }: { readonly width: number; readonly height: number },
  sizes: TrainedSizes<Size>,
): Size {
  return sizes.reduce((nearest, next) => (width * height > nearest.side * next.side ? next : nearest));
}

/** What is drawn where nobody says: the largest where pictures come quickly, else the smallest. */
export function usualSide(sizes: TrainedSizes, isQuick: boolean): number {
  const [smallest] = sizes;
  return (isQuick ? (sizes.at(-1) ?? smallest) : smallest).side;
}
