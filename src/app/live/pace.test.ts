// Pictures a second are counted while they follow each other; a pause to think does not make the page slower.
import { expect, test } from "vitest";
import { paceOf, withFrame, type Frame } from "./pace";

const every = (gap: number, count: number, from = 0): readonly Frame[] =>
  Array.from({ length: count }, (_, index) => ({ at: from + gap * index, ms: gap / 2 }));

test.each([
  ["ten a second", every(100, 5), { perSecond: 10, medianMs: 50 }],
  ["the same with a pause in between", [...every(100, 5), ...every(100, 5, 60_000)], { perSecond: 10, medianMs: 50 }],
  ["slow ones, which are no pause", every(4_000, 3).map(({ at }) => ({ at, ms: 3_900 })), { perSecond: 0.25, medianMs: 3_900 }],
  ["one alone", every(100, 1), { perSecond: undefined, medianMs: 50 }],
  ["none", [], undefined],
])("%s", (_, frames, expected) => {
  expect(paceOf(frames)).toEqual(expected);
});

test("only the last thirty count", () => {
  const frames = [...every(1_000, 40), ...every(100, 30, 50_000)].reduce<readonly Frame[]>(withFrame, []);
  expect(frames).toHaveLength(30);
  expect(paceOf(frames)).toEqual({ perSecond: 10, medianMs: 50 });
});
