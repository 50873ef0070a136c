// What an element's attributes only point at: the files of LoRAs, and the picture that is drawn over. Each is fetched once for all elements
// of the page, and drawn with under the name that recipes give it.
import { parseAddress } from "../common/address";
import { OnestrokeError } from "../common/errors";
import type { Picture } from "../common/picture";
import type { Recipe } from "../common/recipe";
import { loraFromText, loraName, type RecipeLora } from "../common/recipe-lora";
import { fitImage, readImage } from "../image/canvas-picture";
import { pictureName } from "../image/start-picture";
import type { Attributes, Sourced } from "./attributes";

export interface Sources {
  /** Bytes of the files that are not here yet, as far as their host says. */
  missingBytes(element: Attributes, signal: AbortSignal): Promise<number>;
  /**
   * Fetches what is missing.
   * @throws OnestrokeError `download-failed`, or `invalid-input`, detail `field`, for what is no picture
   */
  fetch(element: Attributes, signal: AbortSignal): Promise<Sourced>;
  /** The picture that a recipe is drawn over, at the recipe's size. */
  pictureOf(recipe: Recipe): Picture | undefined;
}

/** @param lendLora takes a LoRA's file under the name that recipes give it */
export function createSources(lendLora: (name: string, file: Blob) => void): Sources {
  /** Names by address, of what is here. */
  const loras = new Map<string, string>();
  const starts = new Map<string, string>();
  const pictures = new Map<string, Picture>();

  async function loraAt({ address, name, weight }: PointedAt, signal: AbortSignal): Promise<RecipeLora> {
    const known = loras.get(address);
    if (known !== undefined) return { name: known, weight };
    const file = await fetched(address, "lora", signal);
    // Another element may have fetched it meanwhile.
    const come = loras.get(address);
    if (come !== undefined) return { name: come, weight };
    // Two files of one name from two places are two LoRAs.
    const taken = new Set(loras.values());
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name} ${number}`;
    loras.set(address, free);
    lendLora(free, file);
    return { name: free, weight };
  }

  async function startAt(address: string, signal: AbortSignal): Promise<string> {
    const known = starts.get(address);
    if (known !== undefined) return known;
    const file = await fetched(address, "start", signal);
    const picture = await readImage(file).catch((cause: unknown) => {
      const remedy = "Point the attribute `start` at a picture that browsers show.";
      throw new OnestrokeError(
        "invalid-input",
        "the picture to start from is no picture that this browser reads",
        { field: "start", remedy },
        cause,
      );
    });
    const name = await pictureName(picture);
    starts.set(address, name);
    pictures.set(name, picture);
    return name;
  }

  return {
    async missingBytes(element, signal) {
      const addresses = lorasOf(element).map(({ address }) => address);
      const sizes = addresses.filter((address) => !loras.has(address)).map((address) => sizeOf(address, signal));
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    },

    async fetch(element, signal) {
      const address = element.getAttribute("start");
      const [named, startName] = await Promise.all([
        Promise.all(lorasOf(element).map((lora) => loraAt(lora, signal))),
        address === null ? undefined : startAt(absolute(address, "start").href, signal),
      ]);
      return { ...(named.length > 0 && { loras: named }), ...(startName !== undefined && { startName }) };
    },

    pictureOf({ start, width, height }) {
      const picture = start && pictures.get(start.picture);
      return picture && fitImage(picture, width, height);
    },
  };
}

interface PointedAt extends RecipeLora {
  readonly address: string;
}

/** `ADDRESS` or `ADDRESS:WEIGHT`, with white space between several. */
export function lorasOf(element: Attributes): readonly PointedAt[] {
  const entries = (element.getAttribute("lora") ?? "").split(/\s+/).filter(Boolean);
  return entries.map((entry) => {
    const { name: address, weight } = loraFromText(entry);
    const at = absolute(address, "lora");
    return { address: at.href, name: loraName(fileOf(at).replace(/\.[^.]+$/, "")) || "lora", weight };
  });
}

/** The last part of an address, as people write it. */
function fileOf({ pathname }: URL): string {
  const file = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(file);
  } catch {
    return file;
  }
}

function absolute(address: string, field: string): URL {
  return parseAddress(address, document.baseURI, field);
}

async function fetched(address: string, field: string, signal: AbortSignal): Promise<Blob> {
  try {
    const response = await fetch(address, { signal });
    if (response.ok) return await response.blob();
    throw new OnestrokeError("download-failed", `${address} answered ${response.status}`, { field, status: response.status });
  } catch (thrown) {
    if (signal.aborted) throw new OnestrokeError("cancelled", "nobody waits for it any more");
    throw OnestrokeError.from(thrown, "download-failed");
  }
}

async function sizeOf(address: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(address, { method: "HEAD", signal }).catch(() => undefined);
  const size = Number(response?.headers.get("content-length") ?? 0);
  return Number.isFinite(size) ? size : 0;
}
