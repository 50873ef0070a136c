// Files that somebody brings into the gallery: PNGs that were saved here, and ZIPs of them. A picture is taken if it holds a recipe of ours
// and has the size that the recipe says; its pixels are read to make its small copy, so one that is damaged is found here.
import type { Picture } from "../../common/picture";
import { parseRecipe, type Recipe } from "../../common/recipe";
import { decodePng } from "../../image/png";
import { pictureName } from "../../image/start-picture";
import { readPngText, RECIPE_KEYWORD } from "../../image/png-text";
import { MOST_PICTURE_BYTES, type ArchivedFile } from "./archive";
import { keptPicture, type MakeThumbnail } from "./encoding";
import type { KeptPicture, KeptStart } from "./entry";

/**
 * @param known pictures that others were drawn over, which are not looked at again
 * @returns undefined for a file that is no picture of ours
 */
export async function importedPicture(
  { file, date, isFavourite, startFile }: ArchivedFile,
  makeThumbnail: MakeThumbnail,
  now: number,
  known: ReadonlyMap<string, KeptStart> = new Map(),
): Promise<KeptPicture | undefined> {
  try {
    const recipe = recipeIn(file);
    if (recipe === undefined) return undefined;
    const picture = await decodePng(file, recipe.width * recipe.height);
    if (picture.width !== recipe.width || picture.height !== recipe.height) return undefined;
    const png = new Blob([file], { type: "image/png" });
    const kept = await keptPicture({ recipe, picture }, { date: Math.min(date ?? now, now), isFavourite }, makeThumbnail, png);
    const name = recipe.start?.picture;
    return name === undefined ? kept : { ...kept, start: known.get(name) ?? (await importedStart(name, startFile)) };
  } catch {
    return undefined;
  }
}

/** A file that holds other pixels than its name says is none. */
async function importedStart(name: string, startFile: ArchivedFile["startFile"]): Promise<KeptStart | undefined> {
  const file = startFile?.(name);
  if (file === undefined) return undefined;
  const isWhole = (await pictureName(await decodePng(file).catch(() => NOTHING))) === name;
  return isWhole ? { name, file: new Blob([file], { type: "image/png" }) } : undefined;
}

const NOTHING: Picture = { width: 0, height: 0, data: new Uint8ClampedArray() };

function recipeIn(file: Uint8Array): Recipe | undefined {
  const text = readPngText(file).get(RECIPE_KEYWORD);
  return text === undefined ? undefined : parseRecipe(JSON.parse(text));
}

/** A PNG that is chosen by itself. */
export async function lonePicture(file: File): Promise<ArchivedFile | undefined> {
  if (file.size > MOST_PICTURE_BYTES) return undefined;
  return { name: file.name, file: new Uint8Array(await file.arrayBuffer()), date: file.lastModified, isFavourite: false };
}
