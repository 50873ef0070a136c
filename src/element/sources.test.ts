// Files that attributes point at: each is fetched once, under which name, and what is said where one does not come.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSources, lorasOf } from "./sources";

const element = (attributes: Readonly<Record<string, string>>) => ({ getAttribute: (name: string) => attributes[name] ?? null });
const { signal } = new AbortController();

/** What the host has, by address. */
const FILES: Readonly<Record<string, string>> = {
  "https://shop.example/cards/ink.safetensors": "ink",
  "https://shop.example/styles/ink.safetensors": "another ink",
  "https://shop.example/cards/notes.txt": "no picture",
};

const asked: string[] = [];

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal("document", { baseURI: "https://shop.example/cards/" });
  vi.stubGlobal("createImageBitmap", () => Promise.reject(new DOMException("no picture", "InvalidStateError")));
  vi.stubGlobal("fetch", async (address: string, { method = "GET" }: RequestInit = {}) => {
    asked.push(`${method} ${address}`);
    const text = FILES[address];
    if (text === undefined) return new Response("", { status: 404 });
    return new Response(method === "HEAD" ? null : text, { headers: { "content-length": String(text.length) } });
  });
});
afterEach(() => void vi.unstubAllGlobals());

describe("the attribute for LoRAs", () => {
  test("has addresses, each with a weight or without", () => {
    const rows = lorasOf(
      element({ lora: " ink.safetensors:0.8\n/styles/old%20paper.safetensors https://x.example:8080/a.b.safetensors:-1 " }),
    );
    expect(rows).toEqual([
      { address: "https://shop.example/cards/ink.safetensors", name: "ink", weight: 0.8 },
      { address: "https://shop.example/styles/old%20paper.safetensors", name: "old paper", weight: 1 },
      { address: "https://x.example:8080/a.b.safetensors", name: "a.b", weight: -1 },
    ]);
    expect(lorasOf(element({}))).toEqual([]);
  });

  test("that is no address is refused by its name", () => {
    expect(() => lorasOf(element({ lora: "https://" }))).toThrow(
      expect.objectContaining({ code: "invalid-input", detail: { field: "lora" } }),
    );
  });
});

describe("LoRAs", () => {
  test("are fetched once, whoever asks, and two files of one name are two", async () => {
    const lent = new Map<string, string>();
    const texts: Promise<void>[] = [];
    const sources = createSources((name, file) => void texts.push(file.text().then((text) => void lent.set(name, text))));
    const one = element({ lora: "ink.safetensors:0.5" });
    expect(await sources.missingBytes(one, signal)).toBe(3);
    expect(await sources.fetch(one, signal)).toEqual({ loras: [{ name: "ink", weight: 0.5 }] });
    expect(await sources.missingBytes(one, signal)).toBe(0);
    expect(await sources.fetch(element({ lora: "ink.safetensors /styles/ink.safetensors:2" }), signal)).toEqual({
      loras: [
        { name: "ink", weight: 1 },
        { name: "ink 2", weight: 2 },
      ],
    });
    await Promise.all(texts);
    expect([...lent]).toEqual([
      ["ink", "ink"],
      ["ink 2", "another ink"],
    ]);
    expect(asked.filter((line) => line.startsWith("GET"))).toHaveLength(2);
  });

  test("have one name where two elements ask at once", async () => {
    const lent: string[] = [];
    const sources = createSources((name) => void lent.push(name));
    const both = ["ink.safetensors:0.5", "ink.safetensors"].map((lora) => sources.fetch(element({ lora }), signal));
    expect((await Promise.all(both)).map(({ loras }) => loras?.[0]?.name)).toEqual(["ink", "ink"]);
    expect(lent).toEqual(["ink"]);
  });

  test("that are not there are said to be missing, with their address; and nothing is asked for where nothing is pointed at", async () => {
    const sources = createSources(() => undefined);
    await expect(sources.fetch(element({ lora: "gone.safetensors" }), signal)).rejects.toMatchObject({
      code: "download-failed",
      message: expect.stringContaining("https://shop.example/cards/gone.safetensors"),
    });
    asked.length = 0;
    expect(await sources.fetch(element({ prompt: "a pier" }), signal)).toEqual({});
    expect(await sources.missingBytes(element({ prompt: "a pier" }), signal)).toBe(0);
    expect(asked).toEqual([]);
  });
});

test("what is no picture is said to be none", async () => {
  const sources = createSources(() => undefined);
  await expect(sources.fetch(element({ start: "notes.txt" }), signal)).rejects.toMatchObject({
    code: "invalid-input",
    detail: { field: "start" },
  });
});
