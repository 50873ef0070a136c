// Steering in the pipeline, on the embedded student: what is off changes no byte and no dispatch, what is on changes the picture, and a text
// is projected again only when it changes.
import { beforeEach, describe, expect, test } from "vitest";
import type { Picture } from "../common/picture";
import type { Recipe } from "../common/recipe";
import { testDevice } from "../engine/testing/evaluate";
import { recordDispatches } from "../engine/testing/record-dispatches";
import type { Model } from "./draw";
import { SMALL, studentManifest } from "./testing/embedded-student";
import { openWgslModel } from "./wgsl/model";

let opened: Promise<Model> | undefined;
let model: Model;

// This is done once, but within a test, because only a test can be skipped where there is no adapter.
beforeEach(async () => {
  const device = await testDevice();
  opened ??= studentManifest().then((manifest) => openWgslModel(manifest, device));
  model = await opened;
});

async function draw(changes: Partial<Recipe> = {}): Promise<Picture> {
  return (await model.draw({ ...SMALL, ...changes })).picture;
}

describe("steering", () => {
  test("at strength 0, or without a negative, the bytes are those of none", async () => {
    const plain = await draw();
    expect((await draw({ negative: "sailboat", steering: { method: "nasa", scale: 0 } })).data).toEqual(plain.data);
    expect((await draw({ negative: "sailboat", steering: { method: "nag", scale: 0, tau: 2.5, alpha: 0.5 } })).data).toEqual(plain.data);
    expect((await draw({ negative: " ", steering: { method: "nasa", scale: 0.5 } })).data).toEqual(plain.data);
    expect((await draw({ negative: "sailboat", steering: { method: "vsf", scale: 0, offset: 0.1 } })).data).toEqual(plain.data);
    // VSF steers by words, and here are none, however long the text is.
    const vsf = { method: "vsf", scale: 3, offset: 0 } as const;
    expect((await draw({ negative: "()", emphasis: "a1111", steering: vsf })).data).toEqual(plain.data);
    expect((await draw({ negative: "sailboat", emphasis: "a1111", steering: vsf })).data, "control").not.toEqual(plain.data);
  });

  test("words with negative weights steer a picture without any method, and their sign is what does it", async () => {
    const drawn = (prompt: string) => draw({ prompt, emphasis: "a1111", steering: { method: "none" } });
    const [plain, away, more] = [await drawn("a hill"), await drawn("a hill (fog:-1)"), await drawn("a hill (fog:-2)")];
    expect(away.data).not.toEqual(plain.data);
    expect(more.data).not.toEqual(away.data);
    expect((await drawn("a hill ( :-1)")).data).toEqual(plain.data);
    expect((await drawn("a hill")).data, "no sign is left behind").toEqual(plain.data);
  });

  test("control: with a negative and a strength both methods change the picture, each its own way", async () => {
    const plain = await draw();
    const nasa = await draw({ negative: "sailboat", steering: { method: "nasa", scale: 0.5 } });
    const nag = await draw({ negative: "sailboat", steering: { method: "nag", scale: 2, tau: 2.5, alpha: 0.5 } });
    expect(nasa.data).not.toEqual(plain.data);
    expect(nag.data).not.toEqual(plain.data);
    expect(nag.data).not.toEqual(nasa.data);
    // And the plan no longer holds the negative branch.
    expect((await draw()).data).toEqual(plain.data);
  });

  const nasa = { negative: "sailboat", steering: { method: "nasa", scale: 0.5 } } as const;
  const nag = { negative: "sailboat", steering: { method: "nag", scale: 2, tau: 2.5, alpha: 0.5 } } as const;
  let seed = 100;
  /** For a picture with its own seed, so that two equal lists are not equal because nothing had changed. */
  const dispatches = async (changes: Partial<Recipe>) =>
    recordDispatches(await testDevice(), () => draw({ ...changes, seed: String(seed++) }));

  test("at strength 0, or without a negative, the dispatches are those of none", async () => {
    await draw();
    const plain = await dispatches({});
    for (const off of [
      { ...nasa, steering: { method: "nasa", scale: 0 } },
      { ...nag, steering: { ...nag.steering, scale: 0 } },
      { ...nag, steering: { ...nag.steering, alpha: 0 } },
      { ...nasa, negative: "" },
      { ...nag, negative: " " },
    ] as const) {
      expect(await dispatches(off)).toEqual(plain);
    }
    await draw(nag);
    expect(await dispatches(nag)).not.toEqual(plain); // Control.
  });

  test.each([
    ["NASA", nasa, { method: "nasa", scale: 0.75 }],
    ["NAG", nag, { ...nag.steering, scale: 3 }],
  ] as const)("%s projects a text again only when that text changes", async (_, steered, steering) => {
    await draw(steered);
    const step = await dispatches(steered);
    expect(await dispatches({ ...steered, steering })).toEqual(step);
    const other = { prompt: `a harbour in fog, ${steered.steering.method}`, negative: `a red cabin, ${steered.steering.method}` };
    const prompt = await dispatches({ ...steered, prompt: other.prompt });
    const negative = await dispatches({ ...steered, ...other });
    const projections = (all: readonly string[]) => all.filter((dispatch) => !step.includes(dispatch));
    const encoder = projections(prompt).filter((dispatch) => negative.includes(dispatch));
    // The same encoder ran for both. After it, each text has its own projections, and equally many of them.
    expect(encoder.length).toBeGreaterThan(0);
    expect(projections(prompt).length).toBeGreaterThan(encoder.length);
    expect(projections(negative)).toHaveLength(projections(prompt).length);
  });
});

describe("steering of early steps only", () => {
  const steering = { method: "nasa", scale: 0.5 } as const;
  const steered = (sigmaEnd: number, steps: number) => draw({ negative: "sailboat", steering: { ...steering, sigmaEnd }, steps });

  test("with an end of 0 every step is steered; a single step always is", async () => {
    expect((await steered(0, 2)).data).toEqual((await draw({ negative: "sailboat", steering, steps: 2 })).data);
    expect((await steered(100, 1)).data).toEqual((await steered(0, 1)).data);
  });

  test("control: an end above the second step's sigma gives a picture of its own", async () => {
    const early = await steered(100, 2);
    expect(early.data).not.toEqual((await steered(0, 2)).data);
    expect(early.data).not.toEqual((await draw({ steps: 2 })).data);
  });
});
