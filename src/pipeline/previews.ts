// After which steps a picture is decoded to be looked at. Decoding may take longer than a step, so previews are given a share of the time
// that the picture takes, by what steps and decoding took in the pictures before. The first picture of a decoder has none: nobody knows yet.
import type { DrawHooks, Timings } from "../common/drawing";
import type { Picture } from "../common/picture";
import type { Size } from "./engine";

const USUAL_SHARE = 0.1;

type Looking = Pick<DrawHooks, "onPreview" | "previewShare" | "firstStepShown" | "isSeen">;

/** Milliseconds for each pixel, so that they hold for other sizes of the same decoder too. */
interface Costs {
  readonly step: number;
  readonly decode: number;
}

export class PreviewPace {
  /** By the pixels that a decoder makes of one along a side: steps for a picture of that size take otherwise too. */
  readonly #costs = new Map<number, Costs>();

  /**
   * The previews of one picture, or of several that are denoised together: each gets its own after the same steps.
   * @param factor pixels for each latent pixel, along one side
   */
  of(
    { width, height }: Size,
    factor: number,
    steps: number,
    { onPreview, previewShare = USUAL_SHARE, firstStepShown = false, isSeen }: Looking,
  ): Previews {
    const shown = new Set<number>();
    const affords = (): boolean => {
      if (previewShare === Infinity) return true;
      const costs = this.#costs.get(factor);
      if (costs === undefined) return false;
      const { step, decode } = costs;
      return decode * (shown.size + 1) <= previewShare * (step * steps + decode);
    };
    return {
      isDue: (step) => onPreview !== undefined && step < steps && isSeen?.() !== false && ((step === 1 && firstStepShown) || affords()),
      show(picture, step, index) {
        shown.add(step);
        onPreview?.(picture, step, index);
      },
      learn: ({ denoise, decode }) => {
        const pixels = width * height;
        const step = denoise.reduce((sum, ms) => sum + ms, 0) / Math.max(1, denoise.length);
        this.#costs.set(factor, { step: step / pixels, decode: decode / (shown.size + 1) / pixels });
      },
    };
  }
}

export interface Previews {
  /** @param step the one that is about to be taken, from 1 */
  isDue(step: number): boolean;
  /** @param index of the picture among those that are denoised together */
  show(picture: Picture, step: number, index: number): void;
  /** Tells what a whole picture took. */
  learn(timings: Pick<Timings, "denoise" | "decode">): void;
}
