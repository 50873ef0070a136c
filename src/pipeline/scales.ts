// How many pixels a latent pixel becomes. A model may have a second, finer decoder of the same latents; the size of a picture alone says
// which of them draws it, and so how large its latent is (common/trained-sizes.ts).
import { trainedFor, type TrainedSize, type TrainedSizes } from "../common/trained-sizes";
import type { Size } from "./engine";

export interface Decoding {
  /** Pixels for each latent pixel, along one side. */
  readonly factor: number;
}

/** A decoder, and the pictures that it was trained to draw. */
export interface Scale<Decoder extends Decoding> extends TrainedSize {
  readonly decoder: Decoder;
}

export type Scales<Decoder extends Decoding = Decoding> = TrainedSizes<Scale<Decoder>>;

/**
 * @param sampleSize side of the latent that the denoiser was trained on
 * @param fine makes more pixels of a latent than `usual`, if there is one
 * @param multiple sides of a latent are multiples of this
 */
export function scalesOf<Decoder extends Decoding>(sampleSize: number, usual: Decoder, fine?: Decoder, multiple = 1): Scales<Decoder> {
  const scaleOf = (decoder: Decoder): Scale<Decoder> => {
    const { factor } = decoder;
    return { side: sampleSize * factor, multiple: multiple * factor, decoder };
  };
  return fine === undefined ? [scaleOf(usual)] : [scaleOf(usual), scaleOf(fine)];
}

/** The latent of a picture of that size. */
export function latentOf({ width, height }: Size, scales: Scales): Size {
  const { factor } = trainedFor({ width, height }, scales).decoder;
  return { width: width / factor, height: height / factor };
}

/** The size at which an encoder reads a picture to draw over: what it makes of it is the picture's latent. */
export function readSize(size: Size, scales: Scales, { factor }: Decoding): Size {
  const { width, height } = latentOf(size, scales);
  return { width: width * factor, height: height * factor };
}

/** What a model says of itself: the sizes without what draws them. */
export function trainedSizesOf([first, ...others]: Scales): TrainedSizes {
  const plain = ({ side, multiple }: TrainedSize): TrainedSize => ({ side, multiple });
  return [plain(first), ...others.map(plain)];
}
