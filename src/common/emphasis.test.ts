import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasEmphasis, parted, plainText, spansOf, withoutEmphasis } from "./emphasis";

const pairs = (prompt: string) => spansOf(prompt).map((span) => (span === "break" ? span : [span.text, span.weight]));

describe("weights are read as the web UI of AUTOMATIC1111 reads them", () => {
  // The examples that its documentation gives of its own parser.
  test.each<[string, readonly (readonly [string, number])[]]>([
    ["normal text", [["normal text", 1]]],
    [
      "an (important) word",
      [
        ["an ", 1],
        ["important", 1.1],
        [" word", 1],
      ],
    ],
    ["(unbalanced", [["unbalanced", 1.1]]],
    [String.raw`\(literal\]`, [["(literal]", 1]]],
    ["(unnecessary)(parens)", [["unnecessaryparens", 1.1]]],
    [
      "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
      [
        ["a ", 1],
        ["house", 1.573],
        [" ", 1.1],
        ["on", 1],
        [" a ", 1.1],
        ["hill", 0.55],
        [", sun, ", 1.1],
        ["sky", 1.4641],
        [".", 1.1],
      ],
    ],
  ])("%s", (prompt, expected) => {
    const found = pairs(prompt);
    expect(found.map(([text]) => text)).toEqual(expected.map(([text]) => text));
    for (const [i, [, weight]] of expected.entries()) expect(Number(found[i]?.[1])).toBeCloseTo(weight, 12);
  });

  test("BREAK is a word of its own, in capitals", () => {
    expect(pairs("a hill BREAK a BREAKfast, Bay")).toEqual([["a hill ", 1], "break", [" a BREAKfast, Bay", 1]]);
    expect(pairs("(a BREAK b:2)")).toEqual([["a ", 2], "break", [" b", 2]]);
  });

  test("colons and brackets that mean nothing are text", () => {
    expect(pairs("3:1 ratio) of a: b]")).toEqual([["3:1 ratio) of a: b]", 1]]);
    expect(pairs("(a:b)")).toEqual([["a:b", 1.1]]);
    expect(pairs("(a:-0.5) (b: .25 )")).toEqual([
      ["a", -0.5],
      [" ", 1],
      ["b", 0.25],
    ]);
    expect(pairs("")).toEqual([]);
  });
});

describe("parts with weights below 0 are read apart from what is said", () => {
  const read = (prompt: string) => parted(spansOf(prompt));

  test("their weights are above 0 there, and neighbours are one part", () => {
    expect(read("a hill (fog:-1), dusk ((rain:-0.5) (hail:2):-2)")).toEqual({
      said: [
        { text: "a hill ", weight: 1 },
        { text: ", dusk rain", weight: 1 },
      ],
      turned: [[{ text: "fog", weight: 1 }], [{ text: "hail", weight: 4 }]],
    });
    expect(read("((a:-1)(b:-3))").turned).toEqual([
      [
        { text: "a", weight: 1.1 },
        { text: "b", weight: 3.3000000000000003 },
      ],
    ]);
  });

  test("a weight of 0, a break, and nothing are no such part", () => {
    expect(read("(fog:0)")).toEqual({ said: [{ text: "fog", weight: 0 }], turned: [] });
    expect(read("(a BREAK b:-1)")).toEqual({ said: ["break"], turned: [[{ text: "a ", weight: 1 }], [{ text: " b", weight: 1 }]] });
    expect(read("a ( :-1) b").turned).toEqual([]);
  });

  test("there are eight at most, and the last says all that is left", () => {
    const { said, turned } = read(Array.from({ length: 10 }, (_, i) => `(w${i}:-1)`).join(" a "));
    expect(turned).toHaveLength(8);
    expect(
      turned
        .at(-1)
        ?.map((span) => (span === "break" ? "" : span.text))
        .join(""),
    ).toBe("w7, w8, w9");
    expect(said).toHaveLength(9);
  });
});

test("a text that was made plain is read as it stood", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("(", ")", "[", "]", "\\", ":", "1", ".", "a", " ", "B") }), (text) => {
      expect(plainText(withoutEmphasis(text))).toBe(text);
      expect(hasEmphasis(withoutEmphasis(text))).toBe(withoutEmphasis(text) !== text);
    }),
  );
});

test.each([
  ["()", true],
  ["(a:1)", true],
  ["BREAK", true],
  ["a: b]", false],
  ["", false],
])("%j says something by brackets: %s", (text, expected) => {
  expect(hasEmphasis(text)).toBe(expected);
});

test("any text is read, however deep its brackets are", () => {
  const deep = "(".repeat(20_000) + "a".repeat(20_000) + ":1.1)".repeat(20_000);
  expect(plainText(deep)).toBe("a".repeat(20_000));
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => Array.isArray(spansOf(text))));
});
