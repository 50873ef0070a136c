// Previews take a tenth of a picture's time at most, and none of it where nobody looks.
import fc from "fast-check";
import { expect, test } from "vitest";
import { PreviewPace } from "./previews";

const SIZE = { width: 64, height: 64 };
const FACTOR = 8;
const PICTURE = { ...SIZE, data: new Uint8ClampedArray(4 * 64 * 64) };
const onPreview = (): void => undefined;

/** The steps that are previewed of a picture like the one before. */
function previewed(
  pace: PreviewPace,
  steps: number,
  looking: Parameters<PreviewPace["of"]>[3] = { onPreview },
  size = SIZE,
  factor = FACTOR,
): readonly number[] {
  const previews = pace.of(size, factor, steps, looking);
  return Array.from({ length: steps }, (_, index) => index + 1).filter((step) => {
    const isDue = previews.isDue(step);
    if (isDue) previews.show(PICTURE, step, 0);
    return isDue;
  });
}

function paceAfter(step: number, decode: number): PreviewPace {
  const pace = new PreviewPace();
  pace.of(SIZE, FACTOR, 1, {}).learn({ denoise: [step], decode });
  return pace;
}

test.each([
  ["nothing is known yet", new PreviewPace(), []],
  ["decoding takes longer than a step", paceAfter(100, 300), []],
  ["decoding is quick enough for one", paceAfter(100, 40), [1]],
  ["decoding is next to nothing", paceAfter(100, 1), [1, 2, 3]],
])("where %s", (_, pace, expected) => {
  expect(previewed(pace, 4)).toEqual(expected);
});

test("the first step is shown at any price where somebody asks for it and looks, and the others as before", () => {
  expect(previewed(new PreviewPace(), 4, { onPreview, firstStepShown: true })).toEqual([1]);
  expect(previewed(paceAfter(100, 1), 3, { onPreview, firstStepShown: true })).toEqual([1, 2]);
  expect(previewed(new PreviewPace(), 4, { onPreview, firstStepShown: true, isSeen: () => false })).toEqual([]);
  expect(previewed(new PreviewPace(), 1, { onPreview, firstStepShown: true }), "a single step is the picture").toEqual([]);
});

test("a larger picture takes longer in both, and is judged by the same", () => {
  expect(previewed(paceAfter(100, 40), 4, { onPreview }, { width: 1024, height: 512 })).toEqual([1]);
});

test("what one decoder and its latents take says nothing of a finer one's", () => {
  const pace = paceAfter(100, 1);
  expect(previewed(pace, 4, { onPreview }, SIZE, 2 * FACTOR)).toEqual([]);
  pace.of(SIZE, 2 * FACTOR, 1, {}).learn({ denoise: [100], decode: 40 });
  expect(previewed(pace, 4, { onPreview }, SIZE, 2 * FACTOR)).toEqual([1]);
  expect(previewed(pace, 4), "control").toEqual([1, 2, 3]);
});

test("none where the caller wants none, or nobody can see it; each where the caller wants each", () => {
  const quick = paceAfter(100, 1);
  expect(previewed(quick, 4, {})).toEqual([]);
  expect(previewed(quick, 4, { onPreview, previewShare: 0 })).toEqual([]);
  expect(previewed(quick, 4, { onPreview, isSeen: () => false })).toEqual([]);
  expect(previewed(new PreviewPace(), 4, { onPreview, previewShare: Infinity })).toEqual([1, 2, 3]);
});

test("whatever the costs: a tenth at most, and what was learnt counts each decoding once", () => {
  const ms = fc.double({ min: 0.01, max: 10_000, noNaN: true });
  fc.assert(
    fc.property(ms, ms, fc.integer({ min: 1, max: 8 }), (step, decode, steps) => {
      const pace = paceAfter(step, decode);
      const shown = previewed(pace, steps).length;
      // The sum's rounding.
      expect(shown * decode).toBeLessThanOrEqual(0.1 * (steps * step + decode) * (1 + 1e-9));
    }),
  );
  const pace = new PreviewPace();
  const previews = pace.of(SIZE, FACTOR, 4, { onPreview, previewShare: Infinity });
  for (const step of [1, 2, 3]) previews.show(PICTURE, step, 0);
  previews.learn({ denoise: [100, 100, 100, 100], decode: 160 });
  expect(previewed(pace, 4), "each decoding took 40").toEqual([1]);
});
