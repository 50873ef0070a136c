// The pictures that recipes are drawn over, by their names. The newest are in memory, as they were given; those that kept pictures were drawn
// over lie with them in the gallery, and are read from there when one is wanted.
import type { Picture } from "../../common/picture";
import type { Recipe } from "../../common/recipe";
import type { KeptStart } from "../gallery/entry";
import type { Shelf } from "../gallery/shelf";
import { pictureName } from "../../image/start-picture";
import { CANVAS_TOOLS, type PictureTools } from "./source";

/** How many are in memory. One of 2048 x 2048 takes 16 MiB. */
const MOST_IN_MEMORY = 8;

export interface StartPictures {
  /** The picture that a recipe is drawn over, at the recipe's size; undefined where it is not here. */
  pictureOf(recipe: Recipe): Promise<Picture | undefined>;
  add(picture: Picture): Promise<string>;
  readonly tools: PictureTools;
  /** As it was given; undefined where it is neither in memory nor kept. */
  whole(name: string): Promise<Picture | undefined>;
  /** What a recipe is drawn over, as it is kept. */
  fileOf(recipe: Recipe): Promise<KeptStart | undefined>;
}

interface InMemory {
  readonly picture: Picture;
  /** Its PNG, once somebody has asked for it. */
  file?: Promise<Blob>;
}

export function createStartPictures({ start: keptFile }: Pick<Shelf, "start">, tools: PictureTools = CANVAS_TOOLS): StartPictures {
  const pictures = new Map<string, InMemory>();
  /** The last one that was cut: while somebody types, each change wants the same. */
  let cut: { readonly of: Picture; readonly picture: Picture } | undefined;

  function remember(name: string, remembered: InMemory): void {
    pictures.delete(name);
    pictures.set(name, remembered);
    const [oldest] = pictures.keys();
    if (pictures.size > MOST_IN_MEMORY && oldest !== undefined) pictures.delete(oldest);
  }

  async function find(name: string): Promise<InMemory | undefined> {
    const there = pictures.get(name);
    if (there !== undefined) return there;
    try {
      const file = await keptFile(name);
      if (file === undefined) return undefined;
      const found = { picture: await tools.read(file), file: Promise.resolve(file) };
      remember(name, found);
      return found;
    } catch {
      // The browser denies storage, or the file has rotted: the picture is as one that is not here.
      return undefined;
    }
  }

  return {
    tools,
    whole: async (name) => (await find(name))?.picture,

    async pictureOf({ start, width, height }) {
      const picture = start && (await find(start.picture))?.picture;
      if (picture === undefined) return undefined;
      if (cut?.of !== picture || cut.picture.width !== width || cut.picture.height !== height) {
        cut = { of: picture, picture: tools.fit(picture, width, height) };
      }
      return cut.picture;
    },

    async add(picture) {
      const name = await pictureName(picture);
      remember(name, pictures.get(name) ?? { picture });
      return name;
    },

    async fileOf({ start }) {
      const found = start && (await find(start.picture));
      if (start === undefined || found === undefined) return undefined;
      found.file ??= tools.file(found.picture);
      return { name: start.picture, file: await found.file };
    },
  };
}
