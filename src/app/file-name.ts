// Names for saved pictures. They say the prompt and the seed, and tell a steered picture from the same picture without steering.
import type { Recipe } from "../common/recipe";

const MOST_CHARACTERS = 48;

export function fileName({ prompt, seed, steering }: Pick<Recipe, "prompt" | "seed" | "steering">, ending: string): string {
  const side = steering.method === "none" ? "" : "-steered";
  return `${stem(prompt)}-${seed}${side}.${ending}`;
}

/** For a file that is not to tell its prompt. */
export function namelessFile({ seed }: Pick<Recipe, "seed">, ending: string): string {
  return `picture-${seed}.${ending}`;
}

/** Letters and digits of any script with dashes between, or "picture" where the prompt has none of them. */
function stem(prompt: string): string {
  const words = prompt.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  const name = words.join("-").toLowerCase().slice(0, MOST_CHARACTERS).toWellFormed();
  return name === "" ? "picture" : name;
}
