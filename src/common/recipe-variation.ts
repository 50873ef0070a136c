// A step from a recipe's noise towards the noise of another seed: part of the way, so that the picture resembles the one it came from.
// Several follow each other.

export interface RecipeVariation {
  /** The other seed: unsigned 64-bit, decimal. */
  readonly seed: string;
  /** How much of the way, along the sphere that noise lies on: 0 stays, 1 is the other seed's noise. */
  readonly strength: number;
}

/** As a link writes it. */
export function variationToText({ seed, strength }: RecipeVariation): string {
  return `${seed}:${strength}`;
}

/** `SEED:STRENGTH`. The result is not yet checked. */
export function variationFromText(text: string): unknown {
  const [, seed, strength] = /^(\d+):([\d.eE-]+)$/.exec(text) ?? [];
  return { seed, strength: Number(strength) };
}
