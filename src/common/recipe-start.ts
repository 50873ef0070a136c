// The picture that a recipe is drawn over, in place of noise alone. A recipe holds its name, and not the picture: whoever draws it again
// needs the same picture.

export interface RecipeStart {
  /** The first 32 hexadecimal digits of the SHA-256 of its pixels (`pictureName` in image/start-picture.ts). */
  readonly picture: string;
  /** Share of the steps that are taken over it, 0 to 1: 1 is all of them, which leaves little of it. One is always taken. */
  readonly strength: number;
}

export function isPictureName(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
}

/** As a link writes it. */
export function startToText({ picture, strength }: RecipeStart): string {
  return `${picture}:${strength}`;
}

/** `PICTURE:STRENGTH`. The result is not yet checked. */
export function startFromText(text: string): unknown {
  const [picture, strength] = text.split(":");
  return { picture, strength: strength === undefined || strength === "" ? Number.NaN : Number(strength) };
}
