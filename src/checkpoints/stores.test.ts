// Every kind of store gives the same bytes and the same errors for the same files.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ByteStore } from "./byte-source";
import { httpStore } from "./http-source";
import { memoryStore } from "./memory-source";
import { nodeStore } from "./node-file";
import { firstExisting, readJson, readText } from "./read-file";

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);
const JSON_TEXT = new TextEncoder().encode('{"naïve":1}');
const folder = mkdtempSync(join(tmpdir(), "stores-"));
writeFileSync(join(folder, "data.bin"), BYTES);
writeFileSync(join(folder, "config.json"), JSON_TEXT);
afterAll(() => rmSync(folder, { recursive: true }));

const files = new Map<string, Uint8Array<ArrayBuffer>>([
  ["data.bin", BYTES],
  ["config.json", JSON_TEXT],
]);
const served: typeof fetch = async (input) => {
  const body = files.get(new URL(input instanceof Request ? input.url : input).pathname.slice(1));
  return body === undefined ? new Response("", { status: 404 }) : new Response(body);
};
const stores: readonly (readonly [string, ByteStore])[] = [
  ["memory", memoryStore("memory", files)],
  ["blobs", memoryStore("blobs", new Map([...files].map(([path, bytes]) => [path, new Blob([bytes])])))],
  ["disk", nodeStore(folder)],
  ["HTTP", httpStore("https://host.test", served)],
];

describe.each(stores)("%s", (_, store) => {
  it("reads any range", async () => {
    const source = await store.open("data.bin");
    expect(source.size).toBe(1000);
    for (const [begin, length] of [
      [0, 1000],
      [990, 10],
      [300, 0],
      [255, 2],
    ] as const) {
      const into = new Uint8Array(length);
      await source.read(begin, into);
      expect(into).toEqual(BYTES.slice(begin, begin + length));
    }
  });

  it("refuses a range past the end", async () => {
    const source = await store.open("data.bin");
    await expect(source.read(990, new Uint8Array(11))).rejects.toMatchObject({ code: "model-corrupt" });
  });

  it("says what is not there", async () => {
    expect(await store.exists("data.bin")).toBe(true);
    expect(await store.exists("other.bin")).toBe(false);
    await expect(store.open("other.bin")).rejects.toMatchObject({ code: "model-missing", message: expect.stringContaining("other.bin") });
    expect(await firstExisting(store, ["other.bin", "data.bin", "config.json"])).toBe("data.bin");
  });

  it("reads JSON, and refuses what is none", async () => {
    expect(await readJson(store, "config.json")).toEqual({ naïve: 1 });
    await expect(readText(store, "data.bin")).rejects.toMatchObject({ code: "model-corrupt" });
  });
});

describe("disk", () => {
  it("a file cut short after it was opened is refused", async () => {
    writeFileSync(join(folder, "cut.bin"), BYTES);
    const source = await nodeStore(folder).open("cut.bin");
    truncateSync(join(folder, "cut.bin"), 500);
    await expect(source.read(400, new Uint8Array(200))).rejects.toMatchObject({ code: "model-corrupt" });
  });

  it("a folder is no file", async () => expect(await nodeStore(tmpdir()).exists(".")).toBe(false));
});
