// All kept pictures as one ZIP of PNGs, and back. Each PNG has its recipe in it; a small list beside them says when each was drawn and
// whether somebody likes it, and a ZIP without the list is read as well. A ZIP comes from anywhere: what is in it is looked at one file
// at a time, and nothing is unpacked that says it is larger than any picture of ours.
import { strFromU8, strToU8, unzipSync, Zip, ZipPassThrough, type UnzipFileInfo } from "fflate";
import { OnestrokeError } from "../../common/errors";
import { fileName } from "../file-name";
import type { GalleryEntry } from "./entry";

/** Of a whole archive. The largest budget is half of it. */
const MOST_ARCHIVE_BYTES = 2e9;
/** Of one picture. One of 2048 x 2048 pixels of noise takes 13 MB. */
export const MOST_PICTURE_BYTES = 16 * 2 ** 20;
const MOST_LIST_BYTES = 8 * 2 ** 20;
const MOST_FILES = 20_000;
const GROUP_BYTES = 64 * 2 ** 20;
const LIST = "gallery.json";
/** Where pictures lie that others were drawn over, each called as recipes call it. */
const STARTS = "drawn-over/";

export interface ArchivedFile {
  readonly name: string;
  readonly file: Uint8Array<ArrayBuffer>;
  /** In milliseconds since 1970; undefined where the archive does not say. */
  readonly date: number | undefined;
  readonly isFavourite: boolean;
  /** The file of a picture that it was drawn over, by the name that its recipe has for it; undefined where the archive has none. */
  readonly startFile?: (name: string) => Uint8Array<ArrayBuffer> | undefined;
}

/**
 * @param onDone is told how many pictures are written
 * @param startOf the PNG of a picture that others were drawn over, by its name
 */
export async function archiveOf(
  entries: readonly GalleryEntry[],
  fileOf: (entry: GalleryEntry) => Promise<Blob | undefined>,
  onDone: (count: number) => void,
  startOf: (name: string) => Promise<Blob | undefined> = async () => undefined,
): Promise<Blob> {
  const parts: Blob[] = [];
  let failure: unknown;
  const zip = new Zip((error, chunk) => {
    if (error !== null) failure = error;
    // A blob of its own at once, so that the browser may move it to the disk.
    else parts.push(new Blob([new Uint8Array(chunk)]));
  });
  const put = (name: string, bytes: Uint8Array, date: number): void => {
    // PNGs are compressed already.
    const entry = new ZipPassThrough(name);
    entry.mtime = new Date(Math.min(Math.max(date, Date.UTC(1980, 0, 2)), Date.UTC(2099, 0, 1)));
    zip.add(entry);
    entry.push(bytes, true);
  };
  const names = new Set<string>();
  const list: { file: string; date: number; isFavourite: boolean }[] = [];
  for (const [index, entry] of entries.entries()) {
    const file = await fileOf(entry);
    onDone(index + 1);
    if (file === undefined) continue;
    const name = freeName(fileName(entry.recipe, "png"), names);
    put(name, new Uint8Array(await file.arrayBuffer()), entry.date);
    list.push({ file: name, date: entry.date, isFavourite: entry.isFavourite });
  }
  for (const name of new Set(entries.flatMap(({ recipe }) => recipe.start?.picture ?? []))) {
    const start = await startOf(name);
    if (start !== undefined) put(`${STARTS}${name}.png`, new Uint8Array(await start.arrayBuffer()), 0);
  }
  put(LIST, strToU8(JSON.stringify(list, undefined, 1)), Math.max(0, ...entries.map(({ date }) => date)));
  zip.end();
  if (failure !== undefined) throw failure;
  return new Blob(parts, { type: "application/zip" });
}

/**
 * The PNGs of an archive, one after the other.
 * @throws OnestrokeError `invalid-input`
 */
export async function* filesOfArchive(archive: Blob): AsyncGenerator<ArchivedFile, void, undefined> {
  if (archive.size > MOST_ARCHIVE_BYTES) throw refused("it is larger than 2 GB");
  const bytes = new Uint8Array(await archive.arrayBuffer());
  const said = listOf(unpackOnly(bytes, new Set([LIST]), MOST_LIST_BYTES).get(LIST));
  const startFile = (name: string): Uint8Array<ArrayBuffer> | undefined => {
    const path = `${STARTS}${name}.png`;
    return unpackOnly(bytes, new Set([path]), MOST_PICTURE_BYTES).get(path);
  };
  for (const names of groups(picturesIn(bytes))) {
    for (const [name, file] of unpackOnly(bytes, names, MOST_PICTURE_BYTES)) {
      yield { name, file, date: said.get(name)?.date, isFavourite: said.get(name)?.isFavourite ?? false, startFile };
    }
  }
}

/** The pictures by name, with their bytes once unpacked. */
function picturesIn(archive: Uint8Array): ReadonlyMap<string, number> {
  const pictures = new Map<string, number>();
  unpack(archive, ({ name, originalSize }) => {
    if (/\.png$/i.test(name) && !name.startsWith(STARTS)) pictures.set(name, originalSize);
    return false;
  });
  return pictures;
}

/** Every look into an archive goes through all of its names, and what is unpacked takes memory: some at a time is a way between. */
function* groups(pictures: ReadonlyMap<string, number>): Generator<Set<string>, void, undefined> {
  let group = new Set<string>();
  let byteLength = 0;
  for (const [name, size] of pictures) {
    group.add(name);
    byteLength += size;
    if (byteLength < GROUP_BYTES) continue;
    yield group;
    group = new Set();
    byteLength = 0;
  }
  if (group.size > 0) yield group;
}

interface Said {
  readonly date: number | undefined;
  readonly isFavourite: boolean;
}

/** What the list says of its files. Whatever is wrong with it only means that it says nothing. */
function listOf(bytes: Uint8Array | undefined): ReadonlyMap<string, Said> {
  const said = new Map<string, Said>();
  try {
    const list: unknown = JSON.parse(strFromU8(bytes ?? new Uint8Array()));
    for (const row of Array.isArray(list) ? list : []) {
      const { file, date, isFavourite }: { readonly file?: unknown; readonly date?: unknown; readonly isFavourite?: unknown } = Object(row);
      if (typeof file !== "string") continue;
      said.set(file, { date: typeof date === "number" && date > 0 && date < 1e14 ? date : undefined, isFavourite: isFavourite === true });
    }
  } catch {
    return new Map();
  }
  return said;
}

/** The files of these names, each once, that are not larger than `most`. */
function unpackOnly(archive: Uint8Array, names: ReadonlySet<string>, most: number): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const wanted = new Set(names);
  const files = unpack(archive, ({ name, size, originalSize }) => Math.max(size, originalSize) <= most && wanted.delete(name));
  return new Map(Object.entries(files).map(([name, file]) => [name, new Uint8Array(file)]));
}

function unpack(archive: Uint8Array, filter: (file: UnzipFileInfo) => boolean): Readonly<Record<string, Uint8Array>> {
  let count = 0;
  try {
    return unzipSync(archive, {
      filter(file) {
        // A damaged archive may say that it holds millions.
        if (++count > MOST_FILES) throw refused(`it has more than ${MOST_FILES} files`);
        return filter(file);
      },
    });
  } catch (thrown) {
    throw thrown instanceof OnestrokeError ? thrown : refused("it is damaged, or no ZIP at all");
  }
}

function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = name.replace(/\.png$/, `-${number}.png`);
  taken.add(free);
  return free;
}

function refused(why: string): OnestrokeError {
  return new OnestrokeError("invalid-input", `this archive cannot be read: ${why}`, {
    remedy: "Choose a ZIP of PNGs that was exported here.",
  });
}
