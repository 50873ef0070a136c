// Numbers of float16 end at 65504, and networks that were trained in wider ones may pass that: then a picture comes out as NaN, or flat.
// Such a picture is drawn again with a network in float32, and what made it whole is kept for the model's next pictures.
import type { WideNetwork } from "../common/wide-network";
import { OnestrokeError } from "../common/errors";

/** In this order: the autoencoder breaks most often, and costs least in float32. */
const ATTEMPTS: readonly (readonly WideNetwork[])[] = [["autoencoder"], ["denoiser"], ["autoencoder", "denoiser"]];

/** What an engine can compute in float32, and what it does. */
export interface Widening {
  /** Networks that have the choice: those whose own format is float16. */
  readonly choices: readonly WideNetwork[];
  /** Networks that compute in float32 now, by this choice. */
  readonly inFloat32: readonly WideNetwork[];
  /** Changes it, from the next picture on. */
  choose(inFloat32: readonly WideNetwork[]): void;
}

/** For engines without a choice. */
export const NO_WIDENING: Widening = { choices: [], inFloat32: [], choose: () => undefined };

/**
 * Calls `draw` until it gives a whole picture, each time with other networks in float32. If no choice helps, the picture is broken for
 * another reason, and the first choice stays.
 * @throws what `draw` throws; its first `bad-image` where nothing helps
 */
export async function guarded<T>(widening: Widening, draw: () => Promise<T>): Promise<T> {
  const before = widening.inFloat32;
  const attempts = ATTEMPTS.filter(
    (attempt) =>
      attempt.length > before.length &&
      before.every((network) => attempt.includes(network)) &&
      attempt.every((network) => widening.choices.includes(network)),
  );
  try {
    return await draw();
  } catch (broken) {
    for (const attempt of isBroken(broken) ? attempts : []) {
      widening.choose(attempt);
      try {
        return await draw();
      } catch (again) {
        if (isBroken(again)) continue;
        widening.choose(before);
        throw again;
      }
    }
    widening.choose(before);
    throw broken;
  }
}

/** Whether a picture came out broken: it may be whole in wider numbers. */
export function isBroken(thrown: unknown): boolean {
  return thrown instanceof OnestrokeError && thrown.code === "bad-image" && thrown.detail["reason"] !== "size";
}
