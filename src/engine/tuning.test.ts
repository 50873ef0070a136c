// What is kept of a tuning comes back as it was, and whatever else is found in its place says nothing.
import { describe, expect, test } from "vitest";
import { fingerprint, keptTuning, tuningFrom, type Tuning } from "./tuning";

const TUNING: Tuning = new Map([
  ["f16 linear f16 64x64x512", { tile: "wide", splits: 2 }],
  ["f16 conv2d 3x3 f16 64x64x576", { tile: "medium", splits: 1 }],
]);

describe("a kept tuning", () => {
  test("comes back, through JSON too", () => {
    const kept: unknown = JSON.parse(JSON.stringify(keptTuning(TUNING, "v1")));
    expect(tuningFrom(kept, "v1")).toEqual(TUNING);
  });

  test("of another version says nothing", () => expect(tuningFrom(keptTuning(TUNING, "v1"), "v2")).toEqual(new Map()));

  test.each([undefined, null, 7, "text", [], {}, { version: "v1" }, { version: "v1", choices: {} }, { version: "v1", choices: [1, null] }])(
    "%j is none",
    (kept) => expect(tuningFrom(kept, "v1")).toEqual(new Map()),
  );

  test("loses what is broken in it, and keeps the rest", () => {
    const choices = [
      ["a", "huge", 1],
      ["b", "toString", 1],
      ["c", "small", "2"],
      [3, "small", 2],
      ["d", "small"],
      ["e", "small", 2],
    ];
    expect(tuningFrom({ version: "v1", choices }, "v1")).toEqual(new Map([["e", { tile: "small", splits: 2 }]]));
  });

  test("is bounded: what was measured last stays", () => {
    const long: Tuning = new Map(Array.from({ length: 600 }, (_, index) => [`shape ${index}`, { tile: "small", splits: 1 }]));
    const kept = keptTuning(long, "v1");
    expect(kept.choices.length).toBe(512);
    expect([...tuningFrom(kept, "v1").keys()].at(-1)).toBe("shape 599");
  });
});

describe("a fingerprint", () => {
  test("tells sets of choices apart, whatever their order", () => {
    expect(fingerprint(["a", "b"])).toMatch(/^[0-9a-f]{8}$/);
    expect(fingerprint(["b", "a", "b"])).toBe(fingerprint(["a", "b"]));
    expect(fingerprint(["a"])).not.toBe(fingerprint(["a", "b"]));
  });

  test("of none is none", () => expect(fingerprint([])).toBeUndefined());
});
