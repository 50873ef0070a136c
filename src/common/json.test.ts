// JSON from strangers, with what their tools add to it, and within bounds. Each case is either the value that Python's json
// or diffusers would read, or an error that names the file and the field.
import { describe, expect, it } from "vitest";
import { Fields, parseJsonObject, shown } from "./json";
import { memoryStore } from "../checkpoints/memory-source";
import { readJson } from "../checkpoints/read-file";

const read = (text: string) => parseJsonObject(text, "a.json");
const store = (bytes: Uint8Array) => memoryStore("m", new Map([["a.json", bytes]]));
const utf16 = (text: string, littleEndian: boolean): Uint8Array => {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
};

describe("a byte order mark", () => {
  it("is read past in a text", () => expect(read('\uFEFF{"a": "\uFEFF"}')).toEqual({ a: "\uFEFF" }));

  it.each([
    ["UTF-8", new TextEncoder().encode('\uFEFF{"a": "é"}')],
    ["UTF-16, little endian", utf16('\uFEFF{"a": "é"}', true)],
    ["UTF-16, big endian", utf16('\uFEFF{"a": "é"}', false)],
    ["none (control)", new TextEncoder().encode('{"a": "é"}')],
  ])("in a file: %s", async (_, bytes) => expect(await readJson(store(bytes), "a.json")).toEqual({ a: "é" }));

  it("does not make text of what is none", async () => {
    for (const bytes of [
      [0xff, 0xfe, 0x00],
      [0xff, 0xff],
      [0xfe, 0xff, 0xd8, 0x00, 0x00, 0x41],
    ])
      await expect(readJson(store(Uint8Array.from(bytes)), "a.json")).rejects.toMatchObject({ code: "model-corrupt" });
  });
});

describe("Python's numbers", () => {
  it("are read wherever a value stands", () => {
    expect(read('{"a": NaN, "b": [Infinity, -Infinity, 1], "c": {"d": NaN}}')).toEqual({
      a: NaN,
      b: [Infinity, -Infinity, 1],
      c: { d: NaN },
    });
  });

  it("strings stay strings", () => {
    const text = '{"a": "NaN", "b": "say \\"NaN\\", Infinity", "NaN": -Infinity, "c": NaN, "d": "NaN?"}';
    expect(read(text)).toEqual({ a: "NaN", b: 'say "NaN", Infinity', NaN: -Infinity, c: NaN, d: "NaN?" });
  });

  it.each(["{", '{"a": nan}', '{"a": NaNs}', '{"a": --Infinity}', '{"a": "NaN}', "NaN", "[NaN]"])("refuses %s", (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "model-corrupt" }));
  });
});

describe("a number", () => {
  const of = (value: unknown) => new Fields({ n: value, list: [1, value] }, "a.json");
  const refused = (field: string) => expect.objectContaining({ code: "model-unsupported", detail: { file: "a.json", field } });

  it("control: what lies in its range is read", () => {
    expect([of(1).number("n", [1, 2]), of(2).integer("n", [1, 2]), of(1.5).number("n", [1, 2])]).toEqual([1, 2, 1.5]);
    expect([of(2).integers("list", [1, 2]), of(1.5).numbers("list", [1, 2])]).toEqual([
      [1, 2],
      [1, 1.5],
    ]);
    expect(of(null).optionalNumber("n", [1, 2])).toBeUndefined();
  });

  it.each([0, 3, -1, NaN, Infinity, -Infinity, 1e300, "1", true, {}, [1]])("%j is refused by name where it does not", (value) => {
    for (const asked of [() => of(value).number("n", [1, 2]), () => of(value).integer("n", [1, 2])]) expect(asked).toThrow(refused("n"));
    for (const asked of [() => of(value).numbers("list", [1, 2]), () => of(value).integers("list", [1, 2])])
      expect(asked).toThrow(refused("list"));
  });

  it("a list has an end", () => {
    const long = new Fields({ list: Array.from({ length: 10_001 }, () => 1) }, "a.json");
    expect(() => long.integers("list", [1, 1])).toThrow(refused("list"));
  });
});

it("a value nested too deeply to be written is still named", () => {
  const deep = read(`{"a": ${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
  expect(shown(deep["a"])).toBe("a object");
  expect(() => new Fields(deep, "a.json").refuseUnless("a", [false])).toThrow(expect.objectContaining({ code: "model-unsupported" }));
});
