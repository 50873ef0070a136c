// The picture is the prompt's. Vignette learnt from a renderer that says what each prompt and
// seed should look like, so how far two prompts must lie apart is known: every bound here is
// half the difference between the renderer's own two pictures (the least of eight seeds).
import type { Statistics } from "./pixels";
import { expect, test } from "./studio";

interface Contrast {
  readonly rule: string;
  readonly more: string;
  readonly less: string;
  readonly of: keyof Statistics;
  /** Half of what the renderer's pictures differ by. */
  readonly by: number;
}

const CONTRASTS: readonly Contrast[] = [
  {
    rule: "noon is brighter than night",
    more: "mountains at noon, clear sky",
    less: "mountains at night, clear sky",
    of: "brightness",
    by: 0.19,
  },
  {
    rule: "winter is whiter than summer",
    more: "a meadow in winter, clear sky, at noon",
    less: "a meadow in summer, clear sky, at noon",
    of: "whiteness",
    by: 0.22,
  },
  {
    rule: "sunset is warmer than noon",
    more: "on the coast at sunset, clear sky, in summer",
    less: "on the coast at noon, clear sky, in summer",
    of: "warmth",
    by: 0.27,
  },
  {
    rule: "a meadow is greener than a desert",
    more: "a meadow in summer, clear sky, at noon",
    less: "the desert in summer, clear sky, at noon",
    of: "greenness",
    by: 0.06,
  },
  {
    rule: "balloons asked for are there",
    more: "three hot air balloons over rolling hills, clear sky, at noon, summer",
    less: "rolling hills, clear sky, at noon, summer",
    of: "warmth",
    by: 0.04,
  },
];

for (const [index, { rule, more, less, of, by }] of CONTRASTS.entries()) {
  // Four steps take four times as long; one contrast is enough to see that they hold it.
  for (const steps of index === 0 ? ([1, 4] as const) : ([1] as const)) {
    test(`${rule}, ${steps === 1 ? "in one step" : "in four"}`, async ({ studio }) => {
      const high = await studio.drawn({ prompt: more, seed: "1", steps });
      const low = await studio.drawn({ prompt: less, seed: "1", steps });
      expect(high.statistics[of] - low.statistics[of]).toBeGreaterThan(by);
    });
  }
}

test("what is left out recedes", async ({ studio }) => {
  const plain = await studio.drawn({ prompt: "a meadow at noon, clear sky", negative: "", seed: "1", steps: 1 });
  const steered = await studio.drawn({ negative: "a meadow in winter" });
  expect(steered.pixels).not.toBe(plain.pixels);
  const again = await studio.drawn({ negative: "" });
  expect(again.pixels).toBe(plain.pixels);
});
