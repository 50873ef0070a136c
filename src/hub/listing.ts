// The files of a repository at one commit, as the hub lists them: path, size and published hash. Nothing of a listing is believed
// before it is checked, because its paths become addresses and names of files.
import type { PlannedFile, PublishedHash } from "../common/download";
import { isIntegerWithin, isJsonObject, shown, type JsonObject } from "../common/json";
import { notAHub } from "./answer";

export type Listing = ReadonlyMap<string, PlannedFile>;

/** The largest repositories of models have some thousands of files; nobody draws with one that has more. */
const MOST_FILES = 20_000;
const MOST_PATH_CHARACTERS = 1000;
/** The hub's own bound for one file is 500 GB. */
const MOST_FILE_BYTES = 2 ** 40;

/**
 * Adds one page of a listing.
 * @throws OnestrokeError `download-failed` that names what is wrong
 */
export function readListingPage(value: unknown, url: URL, into: Map<string, PlannedFile>): void {
  if (!Array.isArray(value)) throw notAHub(url, "answered with something that is not a list of files");
  for (const item of value) {
    const file = readEntry(item, url);
    if (file === undefined) continue;
    if (into.has(file.path)) throw notAHub(url, `lists ${shown(file.path)} twice`);
    if (into.size === MOST_FILES) throw notAHub(url, `lists more than ${MOST_FILES} files`);
    into.set(file.path, file);
  }
}

/** Whether a path stays below its repository. */
function isPlainPath(path: string): boolean {
  if (path.length > MOST_PATH_CHARACTERS || /[\p{Cc}\\]/u.test(path) || !path.isWellFormed()) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** A file, or undefined for a folder. */
function readEntry(item: unknown, url: URL): PlannedFile | undefined {
  if (!isJsonObject(item) || typeof item["path"] !== "string") throw notAHub(url, `lists ${shown(item)} as a file`);
  const { type, path, size } = item;
  if (type === "directory") return undefined;
  if (typeof path !== "string" || !isPlainPath(path)) throw notAHub(url, `lists a file outside the repository: ${shown(path)}`);
  if (!isIntegerWithin(size, [0, MOST_FILE_BYTES])) throw notAHub(url, `lists ${shown(path)} with ${shown(size)} bytes`);
  const hash = hashOf(item, path, size, url);
  return { path, byteLength: size, ...(hash === undefined ? {} : { hash }) };
}

/** Large files have a SHA-256. For small ones the hub gives git's own hash; for large ones that would be the pointer's. */
function hashOf({ lfs, oid }: JsonObject, path: string, size: number, url: URL): PublishedHash | undefined {
  if (isJsonObject(lfs)) {
    const { oid: hex, size: stored } = lfs;
    if (typeof hex !== "string" || !/^[0-9a-f]{64}$/.test(hex)) throw notAHub(url, `lists ${shown(path)} with the hash ${shown(hex)}`);
    if (stored !== undefined && stored !== size) throw notAHub(url, `lists ${shown(path)} with two sizes, ${size} and ${shown(stored)}`);
    return { algorithm: "sha256", hex };
  }
  if (oid === undefined || oid === null) return undefined;
  if (typeof oid !== "string" || !/^[0-9a-f]{40}$/.test(oid)) throw notAHub(url, `lists ${shown(path)} with the hash ${shown(oid)}`);
  return { algorithm: "git-blob", hex: oid };
}
