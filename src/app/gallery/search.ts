// Finds kept pictures by words of their prompts, and of what they leave out.
import type { GalleryEntry } from "./entry";

export interface Search {
  /** Every word of it has to occur, in any order, also as a part of a longer word. */
  readonly words: string;
  readonly favouritesOnly: boolean;
}

export function found(entries: readonly GalleryEntry[], { words, favouritesOnly }: Search): readonly GalleryEntry[] {
  const wanted = folded(words).split(/\s+/).filter(Boolean);
  if (wanted.length === 0 && !favouritesOnly) return entries;
  return entries.filter(({ recipe, isFavourite }) => {
    if (favouritesOnly && !isFavourite) return false;
    const text = folded(`${recipe.prompt} ${recipe.negative}`);
    return wanted.every((word) => text.includes(word));
  });
}

/** Without capitals and accents, as people type in a hurry. */
function folded(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLocaleLowerCase("en");
}
