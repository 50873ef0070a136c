// The container of a PNG: signature, chunks, checksums. A dropped file may be hostile, so lengths are
// compared with the file's real size before anything is allocated. PNG specification, third edition, 5.
import { OnestrokeError } from "../common/errors";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Bytes of length, type and checksum around a chunk's data. */
const OVERHEAD = 12;

export interface PngChunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** Writes chunks in order and adds IEND. */
export function joinChunks(chunks: readonly PngChunk[]): Uint8Array<ArrayBuffer> {
  const all = [...chunks, { type: "IEND", data: new Uint8Array(0) }];
  const file = new Uint8Array(all.reduce((sum, { data }) => sum + OVERHEAD + data.byteLength, SIGNATURE.length));
  const view = new DataView(file.buffer);
  file.set(SIGNATURE);
  let at = SIGNATURE.length;
  for (const { type, data } of all) {
    view.setUint32(at, data.byteLength);
    for (let i = 0; i < 4; i++) file[at + 4 + i] = type.charCodeAt(i);
    file.set(data, at + 8);
    view.setUint32(at + 8 + data.byteLength, crc32(file.subarray(at + 4, at + 8 + data.byteLength)));
    at += OVERHEAD + data.byteLength;
  }
  return file;
}

/** @throws OnestrokeError `invalid-input` when the PNG is damaged or the file is not a PNG */
export function splitChunks(file: Uint8Array): readonly PngChunk[] {
  if (!SIGNATURE.every((byte, i) => file[i] === byte)) throw badPng("it does not begin like one");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks: PngChunk[] = [];
  for (let at = SIGNATURE.length; ;) {
    if (file.byteLength - at < OVERHEAD) throw badPng("it ends too early");
    const byteLength = view.getUint32(at);
    if (byteLength > file.byteLength - at - OVERHEAD) throw badPng("a chunk is longer than the file");
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    const data = file.subarray(at + 8, at + 8 + byteLength);
    if (view.getUint32(at + 8 + byteLength) !== crc32(file.subarray(at + 4, at + 8 + byteLength))) {
      throw badPng(`the checksum of ${type} is wrong`);
    }
    if (chunks.length === 0 && type !== "IHDR") throw badPng("its header is not first");
    if (type === "IEND") return chunks;
    chunks.push({ type, data });
    at += OVERHEAD + byteLength;
  }
}

export function badPng(problem: string): OnestrokeError {
  return new OnestrokeError("invalid-input", `this is not a PNG that can be read: ${problem}`);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (CRC_TABLE[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
