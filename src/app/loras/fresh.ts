// LoRAs' files that somebody opened and nothing was drawn with yet. A picture that is there may be of another file of that name. And the
// files of a moment, because another one may take a file's place while something is drawn with it.
import type { Recipe } from "../../common/recipe";

/** By name. */
export type LoraFiles = ReadonlyMap<string, Blob>;

export function hasFresh({ loras = [] }: Recipe, fresh: LoraFiles): boolean {
  return loras.some(({ name }) => fresh.has(name));
}

/** What is left of the fresh ones after a picture. @param drawn what it was drawn with */
export function freshAfter(drawn: LoraFiles, fresh: LoraFiles): LoraFiles {
  return new Map([...fresh].filter(([name, file]) => drawn.get(name) !== file));
}

/** The files of a recipe's LoRAs at this moment, as far as they are here. */
export function filesNow({ loras = [] }: Recipe, loraOf: (name: string) => Blob | undefined): LoraFiles {
  return new Map(
    loras.flatMap(({ name }) => {
      const file = loraOf(name);
      return file === undefined ? [] : [[name, file] as const];
    }),
  );
}

export function areSameFiles(left: LoraFiles, right: LoraFiles): boolean {
  return left.size === right.size && [...left].every(([name, file]) => right.get(name) === file);
}
