// Pictures survive the file exactly, and so do their texts in any script. All broken files are refused with
// the same kind of error.
import { deflateSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodePng, encodePng, type Pixels } from "./png";
import { joinChunks, splitChunks } from "./png-chunks";
import { readPngText, RECIPE_KEYWORD } from "./png-text";

const pixels = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })).chain(([width, height]) =>
  fc.uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 }).map((bytes): Pixels => {
    const data = new Uint8ClampedArray(bytes);
    for (let i = 3; i < data.length; i += 4) data[i] = 255;
    return { width, height, data };
  }),
);
const small: Pixels = { width: 2, height: 1, data: new Uint8ClampedArray([1, 2, 3, 255, 250, 5, 6, 255]) };
const badPng = { name: "OnestrokeError", code: "invalid-input" };

/** A file with one header and the given rows, as another program might write it. */
function fileOf(width: number, height: number, colour: number, rows: readonly number[]): Uint8Array {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([8, colour], 8);
  return joinChunks([
    { type: "IHDR", data: header },
    { type: "IDAT", data: new Uint8Array(deflateSync(Uint8Array.from(rows))) },
  ]);
}

describe("the thread that paints", () => {
  /** How often other things have their turn. */
  async function turnsIn<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
    const channels = vi.spyOn(globalThis, "MessageChannel");
    const done = await work();
    const turns = channels.mock.calls.length;
    channels.mockRestore();
    return [done, turns];
  }

  it("does other things after every quarter of a megabyte of rows, and every 64 KiB that are compressed; a small one holds nothing up", async () => {
    const [width, height] = [1024, 512];
    const large = { width, height, data: new Uint8ClampedArray(4 * width * height).map((_, at) => (at % 4 === 3 ? 255 : at >> 5)) };
    const ofRows = (3 * width * height) / 2 ** 18 - 1;
    const [file, written] = await turnsIn(() => encodePng(large));
    expect(written).toBeGreaterThanOrEqual(ofRows + (3 * width * height) / 2 ** 16 - 1);
    const [read, turns] = await turnsIn(() => decodePng(file));
    expect(turns).toBeGreaterThanOrEqual(ofRows);
    expect(Buffer.compare(Buffer.from(read.data), Buffer.from(large.data))).toBe(0);
    expect((await turnsIn(() => encodePng(small)))[1]).toBe(0);
  });
});

describe("pixels", () => {
  it("come back as they went in", async () => {
    await fc.assert(
      fc.asyncProperty(pixels, async (image) => {
        expect(await decodePng(await encodePng(image))).toEqual(image);
      }),
      { numRuns: 50 },
    );
  });

  it("are compressed as zlib, one row filter and three bytes a pixel", async () => {
    const data = splitChunks(await encodePng(small)).find((chunk) => chunk.type === "IDAT")?.data;
    // Paeth in a first row predicts the byte of the pixel to the left, so the differences are modulo 256.
    expect([...inflateSync(data ?? new Uint8Array(0))]).toEqual([4, 1, 2, 3, 249, 3, 3]);
  });

  it("are the same bytes every time", async () => expect(await encodePng(small)).toEqual(await encodePng(small)));

  it("are read through each row filter, with and without alpha", async () => {
    const row = (filter: number, bytes: readonly number[]): readonly number[] => [filter, ...bytes];
    const grey = (file: Uint8Array) => decodePng(file).then(({ data }) => Array.from(data.filter((_, i) => i % 4 === 0)));
    // Two rows of two pixels, 10 20 over 30 44 in every channel.
    const first = row(0, [10, 10, 10, 20, 20, 20]);
    for (const second of [
      row(0, [30, 30, 30, 44, 44, 44]),
      row(1, [30, 30, 30, 14, 14, 14]),
      row(2, [20, 20, 20, 24, 24, 24]),
      row(3, [25, 25, 25, 19, 19, 19]),
      row(4, [20, 20, 20, 14, 14, 14]),
    ]) {
      expect(await grey(fileOf(2, 2, 2, [...first, ...second])), `filter ${second[0]}`).toEqual([10, 20, 30, 44]);
    }
    expect([...(await decodePng(fileOf(1, 1, 6, [0, 1, 2, 3, 4]))).data]).toEqual([1, 2, 3, 4]);
  });
});

describe("in a browser whose streams cannot be iterated", () => {
  const iterator = Object.getOwnPropertyDescriptor(ReadableStream.prototype, Symbol.asyncIterator);
  beforeAll(() => {
    Reflect.deleteProperty(ReadableStream.prototype, Symbol.asyncIterator);
  });
  afterAll(() => {
    if (iterator) Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, iterator);
  });

  it("control: a loop over one fails", async () => {
    const iterate = async (): Promise<void> => {
      for await (const _ of new Blob(["x"]).stream());
    };
    await expect(iterate()).rejects.toThrow(TypeError);
  });

  it("pixels come back as they went in", async () => expect(await decodePng(await encodePng(small))).toEqual(small));
});

describe("text", () => {
  it("is kept in any script, by keyword", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme" }), async (prompt) => {
        const texts = new Map([
          [RECIPE_KEYWORD, JSON.stringify({ prompt })],
          ["parameters", "夕焼け <b>🙂</b>"],
        ]);
        expect(readPngText(await encodePng(small, texts))).toEqual(texts);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ["longer than 1 MiB", [...new TextEncoder().encode("k\0\0\0\0\0"), ...new Uint8Array(2 ** 20)]],
    ["compressed", [107, 0, 1, 0, 0, 0, 120]],
    ["without its separators", [107, 0, 0, 0, 120]],
    ["without a keyword", [0, 0, 0, 0, 0, 120]],
    ["not UTF-8", [107, 0, 0, 0, 0, 0, 0xff]],
  ])("is left out when it is %s", (_, data) => {
    const header = { type: "IHDR", data: new Uint8Array(13) };
    expect(readPngText(joinChunks([header, { type: "iTXt", data: Uint8Array.from(data) }]))).toEqual(new Map());
  });

  it("control: the plainest one is read", () => {
    const data = Uint8Array.from([107, 0, 0, 0, 0, 0, 120]);
    expect(
      readPngText(
        joinChunks([
          { type: "IHDR", data: new Uint8Array(13) },
          { type: "iTXt", data },
        ]),
      ),
    ).toEqual(new Map([["k", "x"]]));
  });
});

describe("a broken file", () => {
  it("is refused, wherever it is cut or changed", async () => {
    const file = await encodePng(small, new Map([["k", "x"]]));
    for (let length = 0; length < file.length; length++) await expect(decodePng(file.slice(0, length))).rejects.toMatchObject(badPng);
    for (let i = 0; i < file.length - 12; i++) {
      const changed = file.slice();
      changed[i] = (changed[i] ?? 0) ^ 0xff;
      await expect(decodePng(changed), `byte ${i}`).rejects.toMatchObject(badPng);
    }
  });

  it.each<[string, Uint8Array]>([
    ["a chunk of 4 GiB", Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0])],
    ["a header that is not first", joinChunks([{ type: "tEXt", data: new Uint8Array(0) }])],
    [
      "more pixels than announced",
      fileOf(
        1,
        1,
        2,
        Array.from({ length: 1000 }, () => 0),
      ),
    ],
    ["fewer pixels than announced", fileOf(9, 9, 2, [0, 0, 0, 0])],
    ["a size of billions", fileOf(2 ** 31, 2 ** 31, 2, [0])],
    ["no pixels", fileOf(0, 1, 2, [])],
    ["a palette", fileOf(1, 1, 3, [0, 0])],
    ["an unknown row filter", fileOf(1, 1, 2, [5, 0, 0, 0])],
  ])("%s is refused", async (_, file) => {
    await expect(decodePng(file)).rejects.toMatchObject(badPng);
  });
});
