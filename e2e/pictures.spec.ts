// The picture shows what the prompt says. Vignette learnt from a renderer that says what each prompt and
// seed should look like, so it is known how far the pictures of two prompts must lie apart. Every bound here
// is half the difference between the renderer's own two pictures, the least of eight seeds. The first rule is
// tried on the GPU; engines draw alike (engines.spec.ts), so the others are tried where a whole picture takes a second.
import { crop, difference, statistics, type Statistics } from "./pixels";
import { expect, SMALL, TAUGHT, test, type Studio } from "./studio";

interface Contrast {
  readonly rule: string;
  readonly more: string;
  readonly less: string;
  readonly of: keyof Statistics;
  /** Half of what the renderer's pictures differ by. */
  readonly by: number;
}

const NIGHT: Contrast = {
  rule: "noon is brighter than night",
  more: "mountains at noon, clear sky",
  less: "mountains at night, clear sky",
  of: "brightness",
  by: 0.19,
};

const CONTRASTS: readonly Contrast[] = [
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

async function differ(studio: Studio, { more, less, of, by }: Contrast, steps: 1 | 4): Promise<void> {
  const high = await studio.drawn({ prompt: more, seed: "1", steps, side: TAUGHT });
  const low = await studio.drawn({ prompt: less, seed: "1", steps });
  expect(high.statistics[of] - low.statistics[of]).toBeGreaterThan(by);
}

test.afterAll(({ studio }) => studio.wish({ side: SMALL }));

for (const steps of [1, 4] as const) {
  test(`${NIGHT.rule}, in ${steps === 1 ? "one step" : "four"}, on the GPU`, ({ studio }) => differ(studio, NIGHT, steps));
}

test.describe("on the processor", () => {
  const computesOn = async ({ page }: Studio, engine: "ort-wasm" | "automatic") => {
    const facts = page.locator("details", { hasText: "Technical details" });
    await facts.locator("summary").click();
    await page.getByLabel("Engine").selectOption(engine);
    await expect(facts.locator(`[data-engine=${engine === "automatic" ? "wgsl" : engine}]`)).toHaveCount(3);
    await facts.locator("summary").click();
  };
  test.beforeAll(({ studio }) => computesOn(studio, "ort-wasm"));
  test.afterAll(({ studio }) => computesOn(studio, "automatic"));

  for (const contrast of CONTRASTS) test(`${contrast.rule}, in one step`, ({ studio }) => differ(studio, contrast, 1));

  test("a boat nobody asked for is there, and leaves the picture when it is named", async ({ studio }) => {
    // Where the renderer puts this seed's boat, and half of what the contrast there falls by without it.
    const [boat, by] = [{ left: 12, top: 168, width: 48, height: 48 }, 0.058];
    await studio.wish({
      prompt: "on the coast at noon, clear sky, in summer, poster",
      negative: "a sailing boat",
      seed: "11",
      steps: 1,
      side: TAUGHT,
    });
    await studio.compare().click();
    const [without, steered] = [await studio.pixelsOf(studio.side("without")), await studio.pixelsOf(studio.side("with"))];
    expect(statistics(crop(without, boat)).contrast - statistics(crop(steered, boat)).contrast).toBeGreaterThan(by);
    // Everything but the boat stays. In the renderer's two pictures it differs by a hundredth of what the boat does.
    expect(difference(without, steered)).toBeLessThan(difference(crop(without, boat), crop(steered, boat)) / 5);
    await studio.compare().click();
    await studio.wish({ negative: "" });
  });
});
