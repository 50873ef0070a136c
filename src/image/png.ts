// PNG of a finished picture: the same bytes for the same pixels in every browser and in Node,
// which a canvas does not guarantee. It handles 8-bit colour only and is not a general decoder. Pages do this on the thread that paints them,
// so a large picture is worked on in pieces, between which other things have their turn.
import { nextTurn } from "../common/let-messages-in";
import { badPng, joinChunks, splitChunks } from "./png-chunks";
import { textChunk } from "./png-text";

/** RGBA8, row-major from the top left. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

const RGB = 2;
const RGBA = 6;
const PAETH = 4;
const MAX_PIXELS = 2 ** 26;

/** Bytes of rows in one piece: a few milliseconds, a small part of a frame also where a machine is slow. */
const PIECE_BYTES = 2 ** 18;

/** The same of what is compressed or unpacked, which takes several times as long. */
const STREAM_BYTES = 2 ** 16;

/**
 * Alpha is dropped, because pictures here are opaque.
 * @param texts iTXt entries by keyword (png-text.ts), such as the recipe
 */
export async function encodePng(
  { width, height, data }: Pixels,
  texts: ReadonlyMap<string, string> = new Map(),
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, RGB, 0, 0, 0], 8);
  const compressed = await transform(await filteredRows({ width, height, data }), new CompressionStream("deflate"));
  const textChunks = [...texts].map(([keyword, text]) => textChunk(keyword, text));
  return joinChunks([{ type: "IHDR", data: header }, ...textChunks, { type: "IDAT", data: compressed }]);
}

/**
 * @param mostPixels refuses a larger picture before memory is taken for it
 * @returns RGBA8
 * @throws OnestrokeError `invalid-input` when the PNG is damaged, or is not 8-bit RGB or RGBA
 */
export async function decodePng(file: Uint8Array, mostPixels = MAX_PIXELS): Promise<Pixels> {
  const chunks = splitChunks(file);
  const header = chunks[0]?.data;
  if (header?.byteLength !== 13) throw badPng("its header has a wrong length");
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const colour = header[9];
  if (header[8] !== 8 || (colour !== RGB && colour !== RGBA) || header[12] !== 0)
    throw badPng("only 8-bit RGB and RGBA without interlacing are read");
  if (width === 0 || height === 0 || width * height > mostPixels) throw badPng(`${width} by ${height} pixels`);
  const channels = colour === RGB ? 3 : 4;
  const stride = width * channels;
  const compressed = chunks.filter((chunk) => chunk.type === "IDAT").map((chunk) => chunk.data);
  const byteLength = height * (stride + 1);
  const rows = await transform(concatenate(compressed), new DecompressionStream("deflate"), byteLength).catch(() => {
    throw badPng("its pixels do not unpack");
  });
  if (rows.byteLength < byteLength) throw badPng("its pixels are incomplete");
  if (rows.byteLength > byteLength) throw badPng("it has more pixels than its header says");
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  let above = new Uint8Array(stride);
  await inPieces(height, stride, (y) => {
    const at = y * (stride + 1);
    const row = rows.slice(at + 1, at + 1 + stride);
    const filter = rows[at] ?? 0;
    if (filter > PAETH) throw badPng(`row filter ${filter} does not exist`);
    for (let i = 0; i < stride; i++) row[i] = (row[i] ?? 0) + predict(filter, row, above, i, channels);
    for (let i = 0; i < stride; i++) data[(y * width + Math.floor(i / channels)) * 4 + (i % channels)] = row[i] ?? 0;
    above = row;
  });
  return { width, height, data };
}

/** Does something to each row in order, and lets other things have their turn after each piece. */
async function inPieces(rows: number, rowBytes: number, work: (row: number) => void): Promise<void> {
  const rowsAtOnce = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
  for (let row = 0; row < rows; row++) {
    if (row > 0 && row % rowsAtOnce === 0) await nextTurn();
    work(row);
  }
}

/** RGB rows, each after its filter's number. A picture is filtered while the page is in use, so this is plain loops over the pixels. */
async function filteredRows({ width, height, data }: Pixels): Promise<Uint8Array<ArrayBuffer>> {
  const rows = new Uint8Array(height * (width * 3 + 1));
  let to = 0;
  await inPieces(height, width * 3, (y) => {
    rows[to++] = PAETH;
    for (let x = 0; x < width; x++) {
      const from = 4 * (y * width + x);
      for (let at = from; at < from + 3; at++) {
        const left = x === 0 ? 0 : (data[at - 4] ?? 0);
        const up = y === 0 ? 0 : (data[at - 4 * width] ?? 0);
        const upLeft = x === 0 || y === 0 ? 0 : (data[at - 4 * width - 4] ?? 0);
        rows[to++] = (data[at] ?? 0) - paeth(left, up, upLeft);
      }
    }
  });
  return rows;
}

/** The neighbour that is nearest to their plane. */
function paeth(left: number, up: number, upLeft: number): number {
  const a = Math.abs(up - upLeft);
  const b = Math.abs(left - upLeft);
  const c = Math.abs(left + up - 2 * upLeft);
  if (a <= b && a <= c) return left;
  return b <= c ? up : upLeft;
}

/** The value predicted for byte `i` from its neighbours (specification, 9.2). */
function predict(filter: number, row: Uint8Array, above: Uint8Array, i: number, channels: number): number {
  const left = i < channels ? 0 : (row[i - channels] ?? 0);
  const up = above[i] ?? 0;
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case PAETH:
      return paeth(left, up, i < channels ? 0 : (above[i - channels] ?? 0));
    default:
      return 0;
  }
}

/**
 * Browsers do that on the thread that asks, so it is given pieces too.
 * @param limit reading stops after this many bytes, because a small file can unpack to gigabytes
 */
async function transform(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
  limit = Infinity,
): Promise<Uint8Array<ArrayBuffer>> {
  // What goes wrong with the bytes is told to the reader as well.
  writeInPieces(bytes, through.writable).catch(() => undefined);
  // Read through a reader, because not every browser can iterate a stream.
  const reader = through.readable.getReader();
  const parts: Uint8Array[] = [];
  let byteLength = 0;
  while (byteLength <= limit) {
    const { done, value } = await reader.read();
    if (done) return concatenate(parts);
    byteLength += value.byteLength;
    parts.push(value);
  }
  await reader.cancel();
  return concatenate(parts);
}

async function writeInPieces(bytes: Uint8Array<ArrayBuffer>, into: WritableStream<BufferSource>): Promise<void> {
  const writer = into.getWriter();
  for (let at = 0; at < bytes.byteLength; at += STREAM_BYTES) {
    if (at > 0) await nextTurn();
    await writer.write(bytes.subarray(at, at + STREAM_BYTES));
  }
  await writer.close();
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
