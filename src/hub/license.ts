// The licence of a repository, from the head of its card. The catalogue's own word takes precedence over it.
import { isJsonObject, type JsonObject } from "../common/json";
import type { License } from "../common/model-facts";

/** Licences whose answer to "may I sell the pictures" is plain. With any other, a person has to read the terms. */
const COMMERCIAL: Readonly<Record<string, boolean>> = {
  mit: true,
  "apache-2.0": true,
  "bsd-2-clause": true,
  "bsd-3-clause": true,
  "cc0-1.0": true,
  "cc-by-4.0": true,
  "cc-by-sa-4.0": true,
  openrail: true,
  "openrail++": true,
  "creativeml-openrail-m": true,
  "bigscience-openrail-m": true,
  "cc-by-nc-2.0": false,
  "cc-by-nc-3.0": false,
  "cc-by-nc-4.0": false,
  "cc-by-nc-nd-4.0": false,
  "cc-by-nc-sa-4.0": false,
};

const MOST_CHARACTERS = 80;

/** @param info the hub's description of a repository; what is odd in it counts as not said */
export function licenseOf(info: JsonObject): License | undefined {
  const card = isJsonObject(info["cardData"]) ? info["cardData"] : {};
  const stated = textOf(card["license"]) ?? tagged(info["tags"]);
  // A licence that the hub has no name for is called "other", and named beside it.
  const id = stated === "other" ? (textOf(card["license_name"]) ?? stated) : stated;
  if (id === undefined) return undefined;
  const commercial = Object.hasOwn(COMMERCIAL, id.toLowerCase()) ? COMMERCIAL[id.toLowerCase()] : undefined;
  return { id, ...(commercial === undefined ? {} : { commercial }) };
}

/** A card may list several; the first counts. */
function textOf(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" && first !== "" ? first.slice(0, MOST_CHARACTERS) : undefined;
}

function tagged(tags: unknown): string | undefined {
  const all: readonly unknown[] = Array.isArray(tags) ? tags : [];
  return textOf(all.find((tag) => typeof tag === "string" && tag.startsWith("license:")))?.slice("license:".length);
}
