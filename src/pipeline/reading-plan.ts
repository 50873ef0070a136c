// What leaves the GPU while a picture to draw over is read, where what reads it does not stay beside the others: as little as makes it fit.
// Nothing is lost by it, because reading comes before denoising. Pure arithmetic, as memory-plan.ts.
import type { NetworkName } from "../common/model-facts";
import { givesWay, ownBytes, type MemoryPlan, type NetworkNeed } from "./memory-plan";

/** Of a network: what is computed in between, or its weights too. */
export type Leaving = "tensors" | "all";

export interface ReadingPlan {
  /** Besides those that take turns with the autoencoder. */
  readonly leaving: Readonly<Partial<Record<NetworkName, Leaving>>>;
  /** What the reader's intermediate tensors may take. */
  readonly arenaBytes: number;
  /** The most that is on the GPU then. */
  readonly peakBytes: number;
}

/** What is brought back soonest goes first. */
const CHOICES: readonly ReadingPlan["leaving"][] = [
  { autoencoder: "tensors" },
  { autoencoder: "all" },
  { autoencoder: "all", denoiser: "tensors" },
  { autoencoder: "all", denoiser: "tensors", text_encoder: "all", text_encoder_2: "all" },
  { autoencoder: "all", denoiser: "all", text_encoder: "all", text_encoder_2: "all" },
];

/**
 * @param needs of the networks that draw; the autoencoder's is its decoder
 * @param readers what the reader needs, for each of the arenas that it may have, the largest first
 * @returns the first choice within `mostBytes`, or the one that comes nearest
 */
export function planReading(
  needs: readonly NetworkNeed[],
  { turns }: Pick<MemoryPlan, "turns">,
  readers: readonly { readonly arenaBytes: number; readonly need: NetworkNeed }[],
  mostBytes: number,
): ReadingPlan {
  const others = needs.filter(({ name }) => !givesWay({ turns }, "autoencoder", name));
  const plans = CHOICES.flatMap((leaving) =>
    readers.map(({ arenaBytes, need }) => ({ leaving, arenaBytes, peakBytes: ownBytes(need) + bytesBeside(others, leaving) })),
  );
  const [nearest] = plans.toSorted((left, right) => left.peakBytes - right.peakBytes);
  return plans.find(({ peakBytes }) => peakBytes <= mostBytes) ?? nearest ?? { leaving: {}, arenaBytes: 0, peakBytes: 0 };
}

function bytesBeside(others: readonly NetworkNeed[], leaving: ReadingPlan["leaving"]): number {
  return others.reduce((sum, { name, weightBytes, arenaBytes }) => {
    if (leaving[name] === "all") return sum;
    return sum + weightBytes + (leaving[name] === "tensors" ? 0 : arenaBytes);
  }, 0);
}
