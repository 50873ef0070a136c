// Token ids equal transformers' CLIPTokenizer exactly, from either form of files. The full
// vocabulary is compared where a checkout has it; a vocabulary of our own is always available.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { parseJsonObject, type JsonObject } from "../common/json";
import { memoryStore } from "../checkpoints/memory-source";
import { nodeStore } from "../checkpoints/node-file";
import { FIXTURES, goldenJson, needsSharedFixtures, SHARED_FIXTURES } from "../checkpoints/testing/fixtures";
import { tokenizerJsonFromMerges } from "./clip-definition";
import { clipTokenizer, openClipTokenizer } from "./clip-tokenizer";
import { pooledPosition } from "../networks/pooled-position";

const TINY = `${FIXTURES}/clip-tokenizer-tiny`;
const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);
const vocabulary = readFileSync(`${TINY}/vocab.json`, "utf8");
const merges = readFileSync(`${TINY}/merges.txt`, "utf8");
const definition = tokenizerJsonFromMerges(parseJsonObject(vocabulary, "vocab.json"), merges);
const ids = parseJsonObject(vocabulary, "vocab.json");
const id = (token: string): unknown => ids[token];
const tiny = (config: JsonObject = {}) => clipTokenizer(definition, config, "tiny");

describe("a vocabulary of our own", () => {
  it("begins, merges, ends, pads", () => {
    const row = [...tiny().encode("The  CLIFF\tat wow")];
    const end = id("<|endoftext|>");
    const words = ["<|startoftext|>", "the</w>", "cliff</w>", "at</w>", "wow</w>", "<|endoftext|>"].map(id);
    expect(row).toEqual([...words, ...Array.from({ length: 77 - 6 }, () => end)]);
  });

  it("is the same from tokenizer.json and from vocab.json with merges.txt", async () => {
    const pair = memoryStore(
      "pair",
      new Map([
        ["vocab.json", encoded(vocabulary)],
        ["merges.txt", encoded(merges)],
      ]),
    );
    const single = memoryStore("single", new Map([["t/tokenizer.json", encoded(JSON.stringify(definition))]]));
    const [a, b] = [await openClipTokenizer(pair, ""), await openClipTokenizer(single, "t")];
    for (const text of ["", "a red boat!", "日本 🙂 naïve"]) expect(a.encode(text)).toEqual(b.encode(text));
  });

  it('a pad token that is "!" is special wherever it stands', () => {
    const tokenizer = tiny({ pad_token: { content: "!", __type: "AddedToken" } });
    expect(tokenizer.padId).toBe(0);
    expect([...tokenizer.encode("wow!")].slice(1, 5)).toEqual([id("wow</w>"), 0, id("<|endoftext|>"), 0]);
    expect([...tiny().encode("wow!")].slice(1, 3), "control: not when it is not the pad token").toEqual([id("wow</w>"), id("!</w>")]);
  });

  it('a "!" that pads is plain in a text where transformers 5 does not list it as an added token', () => {
    const plain = tiny({ pad_token: "!", backend: "tokenizers" });
    expect(plain.padId).toBe(0);
    expect([...plain.encode("wow!")].slice(1, 5)).toEqual([id("wow</w>"), id("!</w>"), id("<|endoftext|>"), 0]);
    const listed = tiny({ pad_token: "!", backend: "tokenizers", added_tokens_decoder: { 0: { content: "!", special: true } } });
    expect([...listed.encode("wow!")].slice(1, 3), "control: listed").toEqual([id("wow</w>"), 0]);
  });

  it("truncates to the row and keeps the end", () => {
    const row = tiny().encode("boat ".repeat(100));
    expect(row.length).toBe(77);
    expect(row[76]).toBe(id("<|endoftext|>"));
    expect(row[75]).toBe(id("boat</w>"));
    expect(tiny({ model_max_length: 16 }).encode("boat ".repeat(100)).length).toBe(16);
  });

  it("any string is a prompt: lone surrogates, NUL, emoji, anything", () => {
    const tokenizer = tiny();
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom("", "\ud800", "\0", "\udfff🙂"), (text, odd) => {
        const row = tokenizer.encode(text + odd);
        expect(row.length).toBe(77);
        expect(row.every((token) => token >= 0 && token < Object.keys(ids).length)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it.each([0, -1, 2, 1.5, "77"])("refuses rows of %j tokens", (length) => {
    const refusal = { code: "model-unsupported", detail: expect.objectContaining({ field: "model_max_length" }) };
    expect(() => tiny({ model_max_length: length })).toThrow(expect.objectContaining(refusal));
  });

  it("rows are as long as CLIP's where there is no limit, and hold one token at the least (control)", () => {
    expect(tiny({ model_max_length: 1e30 }).maxLength).toBe(77);
    expect([...tiny({ model_max_length: 3 }).encode("boat boat")]).toEqual(["<|startoftext|>", "boat</w>", "<|endoftext|>"].map(id));
  });

  it("says how many ids there are, added tokens among them", () => {
    const words = Object.keys(ids).length;
    expect(tiny().vocabularySize).toBe(words);
    const added = [{ id: words + 4, content: "<style>" }];
    expect(clipTokenizer({ ...definition, added_tokens: added }, {}, "tiny").vocabularySize).toBe(words + 5);
  });

  it("refuses a vocabulary without the special tokens, and a line of merges that is no pair", () => {
    expect(() => tiny({ pad_token: "<pad>" })).toThrow('no "<pad>"');
    expect(() => tokenizerJsonFromMerges({}, "a b c")).toThrow(expect.objectContaining({ code: "model-corrupt" }));
  });
});

describe("tokens that were added", () => {
  const toy = (files: Readonly<Record<string, unknown>>, definitionFile?: JsonObject) => {
    const own = definitionFile === undefined ? { "vocab.json": ids, "merges.txt": merges } : { "tokenizer.json": definitionFile };
    const all = Object.entries({ ...own, ...files });
    return memoryStore(
      "toy",
      new Map(all.map(([path, value]) => [path, encoded(typeof value === "string" ? value : JSON.stringify(value))])),
    );
  };
  const next = Object.keys(ids).length;
  const decoder = { [next]: { content: "<my-toy>", normalized: true, special: false } };
  const before = id("the</w>");
  const after = id("cliff</w>");

  it.each<[string, Readonly<Record<string, unknown>>, JsonObject?]>([
    ["added_tokens.json", { "added_tokens.json": { "<my-toy>": next } }],
    ["added_tokens_decoder beside vocab.json", { "tokenizer_config.json": { added_tokens_decoder: decoder } }],
    ["both", { "added_tokens.json": { "<my-toy>": next }, "tokenizer_config.json": { added_tokens_decoder: decoder } }],
    ["added_tokens_decoder beside tokenizer.json", { "tokenizer_config.json": { added_tokens_decoder: decoder } }, definition],
    ["tokenizer.json", {}, { ...definition, added_tokens: [{ id: next, content: "<my-toy>" }] }],
  ])("are one id each: %s", async (_, files, definitionFile) => {
    const tokenizer = await openClipTokenizer(toy(files, definitionFile), "");
    expect([...tokenizer.encode("the <my-toy> cliff")].slice(1, 4)).toEqual([before, next, after]);
    expect([...tokenizer.encode("the<my-toy>cliff")].slice(1, 4)).toEqual([before, next, after]);
    expect(tokenizer.vocabularySize).toBe(next + 1);
    expect(tokenizer.count("<my-toy>")).toBe(1);
  });

  it("control: without them the name is plain words", async () => {
    expect((await openClipTokenizer(toy({}), "")).count("<my-toy>")).toBeGreaterThan(3);
  });

  it.each<[string, unknown]>([
    ["a negative id", { "<my-toy>": -1 }],
    ["half an id", { "<my-toy>": 1.5 }],
    ["an id beyond any embedding", { "<my-toy>": 1e9 }],
    ["an id in words", { "<my-toy>": "last" }],
    ["no text", { "": next }],
  ])("%s is refused by name", async (_, file) => {
    const refused = { code: "model-corrupt", message: expect.stringMatching(/<my-toy>|no text/) };
    await expect(openClipTokenizer(toy({ "added_tokens.json": file }), "")).rejects.toMatchObject(refused);
  });
});

describe("patterns of a tokenizer's file", () => {
  const splitBy = (pattern: JsonObject) =>
    clipTokenizer({ ...definition, pre_tokenizer: { type: "Split", pattern, behavior: "Removed", invert: true } }, {}, "tiny");
  const refused = (field: string) => expect.objectContaining({ code: "model-unsupported", detail: expect.objectContaining({ field }) });

  it.each([
    "(a+)+$",
    "(a|a)*b",
    "(?:a*)*",
    "a?a?a?aaa",
    "a*a*a*b",
    "(a)\\1",
    "(?=a+)a+",
    "x{1,1000}{1,1000}",
    "[a-z]+[0-9]*x",
    "\\w+\\s+",
    "a".repeat(1001),
  ])("one that may take too long is refused: %s", (Regex) => expect(() => splitBy({ Regex })).toThrow(refused("pre_tokenizer")));

  it.each(["\\s+", "[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+", "'s|'t|<\\|end\\|>|x?", "."])("control: %s", (Regex) => {
    expect(() => splitBy({ Regex })).not.toThrow();
  });

  it("replacements that would lengthen a text without end are refused", () => {
    const replace = (count: number, content: string) =>
      clipTokenizer(
        {
          ...definition,
          normalizer: {
            type: "Sequence",
            normalizers: Array.from({ length: count }, () => ({ type: "Replace", pattern: { String: "a" }, content })),
          },
        },
        {},
        "tiny",
      );
    expect(() => replace(1, " ")).not.toThrow();
    expect(() => replace(5, "aa")).toThrow(refused("normalizer"));
    expect(() => replace(1, "a".repeat(1000))).toThrow(refused("normalizer"));
  });

  it("what the library finds out when it reads a text is a typed error too", () => {
    const pre_tokenizer = { type: "Split", pattern: { Regex: "\\s+" }, behavior: 7 };
    expect(() => clipTokenizer({ ...definition, pre_tokenizer }, {}, "tiny").encode("a boat")).toThrow(
      expect.objectContaining({ code: "model-unsupported" }),
    );
  });

  it("a part of a text that the vocabulary has no id for is an error, and not another token", () => {
    const model = {
      ...Object(definition["model"]),
      unk_token: "<|unknown|>",
      vocab: { "<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2 },
      merges: [],
    };
    const poor = clipTokenizer({ ...definition, model }, {}, "poor");
    expect([...poor.encode("a")].slice(0, 3), "control").toEqual([0, 2, 1]);
    expect(() => poor.encode("b")).toThrow(expect.objectContaining({ code: "model-corrupt" }));
  });

  it("sequences in one another have an end", () => {
    let normalizer: JsonObject = { type: "NFC" };
    for (let i = 0; i < 10_000; i++) normalizer = { type: "Sequence", normalizers: [normalizer] };
    expect(() => clipTokenizer({ ...definition, normalizer }, {}, "tiny")).toThrow(refused("normalizer"));
  });
});

describe("pooled position", () => {
  const row = new Int32Array([49406, 320, 2368, 49407, 49407, 0]);
  it("2 means the largest id, first of several", () => expect(pooledPosition(row, 2)).toBe(3));
  it("any other id means its first place", () => expect(pooledPosition(row, 320)).toBe(1));
  it("an id that is not there means the first token", () => expect(pooledPosition(row, 5)).toBe(0));
});

describe("CLIP's vocabulary", () => {
  beforeEach(needsSharedFixtures);
  const folder = `${SHARED_FIXTURES}/clip-tokenizer`;
  const without = (hidden: string) => {
    const store = nodeStore(folder);
    return { ...store, exists: async (path: string) => path !== hidden && (await store.exists(path)) };
  };

  it.each([
    ["tokenizer.json", ""],
    ["vocab.json and merges.txt", "tokenizer.json"],
  ])("92 texts, from %s", async (_, hidden) => {
    const tokenizer = await openClipTokenizer(without(hidden), "", undefined, "as it stands");
    const rows = goldenRows();
    expect(rows.length).toBe(92);
    for (const { text, expected, length } of rows) {
      expect([...tokenizer.encode(text)], text).toEqual(expected);
      expect(tokenizer.count(text) + 2, text).toBe(length);
    }
  });

  it("texts are mended before they are read: CLIP's own ids", async () => {
    const tokenizer = await openClipTokenizer(nodeStore(folder), "");
    const straight = [25055, 568, 14178];
    for (const text of [
      "fisherman's cabin",
      "fisherman’s cabin",
      "fishermanâ€™s cabin",
      "fisherman&rsquo;s cabin",
      "ＦＩＳＨＥＲＭＡＮ＇Ｓ cabin",
    ])
      expect([...tokenizer.encode(text)].slice(1, 4), text).toEqual(straight);
    const raw = await openClipTokenizer(nodeStore(folder), "", undefined, "as it stands");
    expect([...raw.encode("fisherman’s cabin")].slice(1, 6), "control: as it stands").toEqual([25055, 728, 503, 338, 14178]);
  });

  it("an added token is one id", async () => {
    const store = without("tokenizer.json");
    const added = memoryStore("added", new Map([["added_tokens.json", encoded('{"<my-toy>": 49408}')]]));
    const both = {
      ...store,
      open: (path: string) => (path === "added_tokens.json" ? added : store).open(path),
      exists: async (path: string) => path === "added_tokens.json" || (await store.exists(path)),
    };
    const tokenizer = await openClipTokenizer(both, "");
    expect([...tokenizer.encode("a photo of <my-toy> on grass")].slice(0, 7)).toEqual([49406, 320, 1125, 539, 49408, 525, 5922]);
  });

  // The pictures of these repositories were drawn with a plain "!", as the parity of their latents shows.
  it.each([
    ["repo-sd-turbo-tiny", "tokenizer", [2781, 256, 49407, 0]],
    ["repo-nitrosd-tiny", "tokenizer", [2781, 256, 49407, 49407]],
    ["repo-nitrosd-tiny", "tokenizer_2", [2781, 256, 49407, 0]],
  ])('%s/%s: "wow!"', async (repository, tokenizer, expected) => {
    const opened = await openClipTokenizer(nodeStore(`${SHARED_FIXTURES}/${repository}`), tokenizer);
    expect([...opened.encode("wow!")].slice(1, 5)).toEqual(expected);
  });
});

function goldenRows(): readonly { readonly text: string; readonly expected: unknown; readonly length: unknown }[] {
  const { rows } = goldenJson(`${SHARED_FIXTURES}/clip-tokenizer/golden.json`);
  if (!Array.isArray(rows)) throw new Error("golden.json has no rows");
  return rows.map((row: JsonObject) => ({ text: String(row["text"]), expected: row["ids"], length: row["untruncated_length"] }));
}
