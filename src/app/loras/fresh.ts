// LoRAs' files that somebody opened and nothing was drawn with yet. A picture that is there may be of another file of that name.
import type { Recipe } from "../../common/recipe";

/** By name. */
export type FreshLoras = ReadonlyMap<string, Blob>;

export function hasFresh({ loras = [] }: Recipe, fresh: FreshLoras): boolean {
  return loras.some(({ name }) => fresh.has(name));
}

/**
 * What is left of them after a picture.
 * @param before those of the moment when it was begun: another file may have come since
 */
export function freshAfter({ loras = [] }: Recipe, before: FreshLoras, now: FreshLoras): FreshLoras {
  const isDrawn = (name: string, file: Blob): boolean => before.get(name) === file && loras.some((lora) => lora.name === name);
  return new Map([...now].filter(([name, file]) => !isDrawn(name, file)));
}
