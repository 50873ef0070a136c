// A LoRA in a recipe: its file's name without the ending, and how much of it is added. Files themselves are no part of a recipe, but a few
// digits of their hashes are, by which files of one name are told apart.
import { MAX_MODEL_CHARACTERS, MOST_LORAS, MAX_LORA_WEIGHT } from "./limits";
import { isRevision } from "./model-revision";

export interface RecipeLora {
  readonly name: string;
  /** From -4 to 4; negative weights take away what the LoRA adds. */
  readonly weight: number;
  /** Of the file that was merged: the first 12 digits of its SHA-256. Absent before it was read, and in recipes of before it was written. */
  readonly hash?: string;
}

/** @returns undefined for what is no list of LoRAs */
export function parseLoras(value: unknown): readonly RecipeLora[] | undefined {
  if (!Array.isArray(value) || value.length > MOST_LORAS) return undefined;
  const loras = value.map(parseLora);
  return loras.every((lora) => lora !== undefined) ? loras : undefined;
}

function parseLora(value: unknown): RecipeLora | undefined {
  const { name, weight, hash }: Readonly<Partial<Record<keyof RecipeLora, unknown>>> = Object(value);
  if (typeof name !== "string" || name !== loraName(name) || name === "") return undefined;
  if (!isLoraWeight(weight)) return undefined;
  if (hash === undefined) return { name, weight };
  return isRevision(hash) ? { name, weight, hash } : undefined;
}

export function isLoraWeight(weight: unknown): weight is number {
  return typeof weight === "number" && Math.abs(weight) <= MAX_LORA_WEIGHT;
}

/** The name of a LoRA as recipes write it: no folders, no control characters. */
export function loraName(text: string): string {
  return text
    .replace(/[\p{Cc}/\\]/gu, " ")
    .slice(0, MAX_MODEL_CHARACTERS)
    .toWellFormed()
    .trim();
}

/** As a link writes it. The last colon is before the weight. */
export function loraToText({ name, weight, hash }: RecipeLora): string {
  return `${name}:${weight}${hash === undefined ? "" : `@${hash}`}`;
}

/** `NAME`, `NAME:WEIGHT` or `NAME:WEIGHT@HASH`; the weight is 1 if it is not given. The result is not yet checked. */
export function loraFromText(text: string): RecipeLora {
  const [, name = text, weight = "1", hash] = /^(.+):([-+.\deE]+)(?:@([0-9a-f]+))?$/.exec(text) ?? [];
  return { name, weight: Number(weight), ...(hash !== undefined && { hash }) };
}

/** Whether they have the same names and weights, whatever their files. */
export function isSameLoras(left: readonly RecipeLora[], right: readonly RecipeLora[]): boolean {
  return left.length === right.length && left.every(({ name, weight }, i) => name === right[i]?.name && weight === right[i]?.weight);
}
