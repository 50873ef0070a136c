// The entries of a zip archive as torch.save writes it: stored without compression, with zip64 where files are large. The directory at
// the end is read first, then the header before each entry, which says where its bytes begin. Anything else a zip can do is refused.
// Format: APPNOTE.TXT 6.3.10.
import { OnestrokeError } from "../../../common/errors";
import type { ByteSource } from "../../byte-source";

/** Bytes of one entry in the file, `[begin, end)`. */
export interface ZipEntry {
  readonly begin: number;
  readonly end: number;
}

const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const HEADER_BYTES = 30;
const RECORD_BYTES = 46;
const MAX_DIRECTORY_BYTES = 16 * 2 ** 20;
/** Headers this near to each other are read together. */
const NEAR_BYTES = 64 * 1024;

/** @throws OnestrokeError `model-corrupt`, `model-unsupported`; what `source.read` throws */
export async function readZip(source: ByteSource, signal?: AbortSignal): Promise<ReadonlyMap<string, ZipEntry>> {
  const records = directoryRecords(await readDirectory(source, signal), source);
  const begins = await dataBegins(source, records, signal);
  const entries = new Map<string, ZipEntry>();
  let free = 0;
  for (const { name, header, size } of records) {
    const begin = begins.get(header) ?? 0;
    if (header < free || begin + size > source.size)
      throw corrupt(source, `has an entry "${name.slice(0, 80)}" over another one or past its end`);
    free = begin + size;
    if (entries.has(name)) throw corrupt(source, `has "${name.slice(0, 80)}" twice`);
    entries.set(name, { begin, end: begin + size });
  }
  return entries;
}

interface DirectoryRecord {
  readonly name: string;
  /** Where the header before the entry's bytes is. */
  readonly header: number;
  readonly size: number;
}

async function readDirectory(source: ByteSource, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const tailBegin = Math.max(0, source.size - END_BYTES - MAX_COMMENT_BYTES - LOCATOR_BYTES);
  const tail = new View(await readAt(source, tailBegin, source.size - tailBegin, signal));
  let at = tail.length - END_BYTES;
  while (at >= 0 && tail.u32(at) !== 0x06054b50) at--;
  if (at < 0) throw corrupt(source, "has no directory: it is cut short");
  let size = tail.u32(at + 12);
  let begin = tail.u32(at + 16);
  if (at >= LOCATOR_BYTES && tail.u32(at - LOCATOR_BYTES) === 0x07064b50) {
    const place = tail.u64(at - LOCATOR_BYTES + 8);
    if (place + END64_BYTES > source.size) throw corrupt(source, "has no directory where it says");
    const end = new View(await readAt(source, place, END64_BYTES, signal));
    if (end.u32(0) !== 0x06064b50) throw corrupt(source, "has no directory where it says");
    [size, begin] = [end.u64(40), end.u64(48)];
  }
  if (size > MAX_DIRECTORY_BYTES || begin + size > source.size) throw corrupt(source, "has no directory where it says");
  return readAt(source, begin, size, signal);
}

function directoryRecords(bytes: Uint8Array<ArrayBuffer>, source: ByteSource): readonly DirectoryRecord[] {
  const view = new View(bytes);
  const records: DirectoryRecord[] = [];
  for (let at = 0; at + RECORD_BYTES <= view.length;) {
    if (view.u32(at) !== 0x02014b50) break;
    const [nameBytes, extraBytes, commentBytes] = [view.u16(at + 28), view.u16(at + 30), view.u16(at + 32)];
    const extraBegin = at + RECORD_BYTES + nameBytes;
    const end = extraBegin + extraBytes + commentBytes;
    if (end > view.length) throw corrupt(source, "has a directory that is cut short");
    const name = new TextDecoder().decode(bytes.subarray(at + RECORD_BYTES, extraBegin));
    if ((view.u16(at + 8) & 1) !== 0) throw unsupported(source, `"${name.slice(0, 80)}" is encrypted`);
    if (view.u16(at + 10) !== 0) throw unsupported(source, `"${name.slice(0, 80)}" is compressed, as torch.save never does`);
    // A size or place of all ones stands in the zip64 field, in this order, as far as it is needed.
    const wide = zip64Fields(view, extraBegin, extraBytes);
    const [whole, packed, header] = [view.u32(at + 24), view.u32(at + 20), view.u32(at + 42)].map((value) =>
      value === 0xffffffff ? (wide.shift() ?? Number.NaN) : value,
    );
    if (whole === undefined || header === undefined || whole !== packed || !Number.isSafeInteger(whole + header)) {
      throw corrupt(source, `has an entry "${name.slice(0, 80)}" without a size or a place`);
    }
    records.push({ name, header, size: whole });
    at = end;
  }
  return records.toSorted((a, b) => a.header - b.header);
}

function zip64Fields(view: View, begin: number, byteLength: number): number[] {
  for (let at = begin; at + 4 <= begin + byteLength;) {
    const [id, length] = [view.u16(at), view.u16(at + 2)];
    if (id === 1) return Array.from({ length: Math.min(3, Math.floor(length / 8)) }, (_, i) => view.u64(at + 4 + 8 * i));
    at += 4 + length;
  }
  return [];
}

/** Where the bytes after each header begin, by the header's place. */
async function dataBegins(
  source: ByteSource,
  records: readonly DirectoryRecord[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const begins = new Map<number, number>();
  for (let first = 0; first < records.length;) {
    const begin = records[first]?.header ?? 0;
    let last = first;
    while ((records[last + 1]?.header ?? Infinity) - begin <= NEAR_BYTES) last++;
    const end = (records[last]?.header ?? 0) + HEADER_BYTES;
    if (end > source.size) throw corrupt(source, "has an entry past its end");
    const view = new View(await readAt(source, begin, end - begin, signal));
    for (const { header, name } of records.slice(first, last + 1)) {
      const at = header - begin;
      if (view.u32(at) !== 0x04034b50) throw corrupt(source, `has no entry "${name.slice(0, 80)}" where its directory says`);
      begins.set(header, header + HEADER_BYTES + view.u16(at + 26) + view.u16(at + 28));
    }
    first = last + 1;
  }
  return begins;
}

async function readAt(source: ByteSource, begin: number, byteLength: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(byteLength);
  await source.read(begin, bytes, signal);
  return bytes;
}

/** Little-endian numbers of bytes; past their end there are zeros. */
class View {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  u16(at: number): number {
    return (this.#bytes[at] ?? 0) | ((this.#bytes[at + 1] ?? 0) << 8);
  }

  u32(at: number): number {
    return this.u16(at) + this.u16(at + 2) * 2 ** 16;
  }

  /** Exact up to 2^53; what is more is refused, as no file is so long. */
  u64(at: number): number {
    return this.u32(at) + this.u32(at + 4) * 2 ** 32;
  }
}

function corrupt(source: ByteSource, problem: string): OnestrokeError {
  return new OnestrokeError("model-corrupt", `${source.name}: the zip archive ${problem}`, {
    file: source.name,
  });
}

function unsupported(source: ByteSource, problem: string): OnestrokeError {
  return new OnestrokeError("model-unsupported", `${source.name}: ${problem}`, { file: source.name });
}
