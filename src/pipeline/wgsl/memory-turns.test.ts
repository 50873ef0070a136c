// The memory plan is obeyed: what is on the GPU at one time is what was planned, and networks that leave come back. On the embedded
// student, whose weights are small beside what is computed; the plans of large models are in needs.test.ts.
import { beforeEach, describe, expect, test } from "vitest";
import { type Manifest } from "../../checkpoints/manifest";
import type { Progress } from "../../common/progress";
import type { Recipe } from "../../common/recipe";
import type { SteeringMethod } from "../../common/steering";
import type { Device } from "../../engine/device";
import { testDevice } from "../../engine/testing/evaluate";
import { recordBuffers } from "../../engine/testing/record-buffers";
import { openAutoencoder, openDenoiser, openTextEncoder } from "../../networks";
import { CLIP_H, KL, SD21 } from "../../networks/published";
import { studentManifest } from "../testing/embedded-student";
import { MemoryTurns } from "./memory-turns";
import { batchBytes, planPicture, type PictureShape, type PlannedFormats } from "./needs";
import { openWgslModel } from "./model";

const RECIPE: Recipe = {
  model: "vignette",
  prompt: "a lighthouse on a cliff at sunset",
  negative: "",
  steering: { method: "none" },
  steps: 1,
  seed: "7",
  width: 256,
  height: 256,
};

let manifest: Manifest;
beforeEach(async () => {
  await testDevice();
  manifest ??= await studentManifest();
});

/** Draws with two prompts, and tells who was read anew for the second. */
async function drawTwice(memoryBytes: number) {
  const device = await testDevice();
  let broughtBack: readonly string[] = [];
  let planned = 0;
  let pixels = "";
  const { peakBytes, left } = await recordBuffers(device, async () => {
    const model = await openWgslModel(manifest, device, {}, { memoryBytes });
    planned = model.facts.memory?.gpuBytes ?? 0;
    pixels = Buffer.from((await model.draw(RECIPE)).picture.data).toString("base64");
    const names = new Set<string>();
    const onProgress = (progress: Progress) => void (progress.stage === "load" && names.add(progress.component));
    await model.draw({ ...RECIPE, prompt: "a forest in winter" }, { onProgress });
    broughtBack = [...names].toSorted();
    await model.dispose();
  });
  return { planned, peakBytes, left, broughtBack, pixels };
}

describe("what is on the GPU", () => {
  const drawn: string[] = [];

  // Besides the plan there are buffers for results that are read, and for the kernels' sizes. Where the denoiser's tensors leave for the
  // decoder, the gaps between the decoder's own, a quarter of them, weigh more.
  test.each([
    { share: 10, broughtBack: [], most: 1.05 },
    { share: 0.96, broughtBack: ["text_encoder"], most: 1.05 },
    { share: 0, broughtBack: ["text_encoder", "vae"], most: 1.1 },
  ])("within $share of what all need is what was planned, and $broughtBack come back for a new prompt", async (expected) => {
    const all = await plannedBytes(await testDevice());
    const { planned, peakBytes, left, broughtBack, pixels } = await drawTwice(expected.share * all);
    expect(broughtBack).toEqual(expected.broughtBack);
    expect(peakBytes).toBeLessThan(expected.most * planned);
    expect(peakBytes).toBeGreaterThan(0.9 * planned);
    expect(left).toBe(0);
    drawn.push(pixels);
  });

  test("makes no difference to the picture, also where the latent waits for the denoiser's tensors to leave", () => {
    expect(drawn).toHaveLength(3);
    expect(new Set(drawn).size).toBe(1);
  });
});

test("where denoiser and autoencoder part, neither has its tensors while the other runs, and both keep their weights", () => {
  const calls: string[] = [];
  const runner = (name: string) => ({
    useArena: () => undefined,
    evict: () => void calls.push(`${name} evicted`),
    dropPlans: () => void calls.push(`${name} dropped`),
  });
  const turnsWithin = (budget: number) =>
    new MemoryTurns(TURBO, { denoiser: runner("denoiser"), autoencoder: runner("decoder") }, FORMATS, SQUARE, budget);
  const tight = turnsWithin(1.98e9);
  expect(tight.plan.parts).toBe(true);
  expect(tight.plan.peakBytes).toBeLessThanOrEqual(1.98e9);
  tight.makeRoomFor("denoiser");
  tight.makeRoomFor("autoencoder");
  expect(calls).toEqual(["decoder dropped", "denoiser dropped"]);
  // Control: with a little more they stay together.
  const wider = turnsWithin(2.2e9);
  wider.makeRoomFor("denoiser");
  wider.makeRoomFor("autoencoder");
  expect(calls).toHaveLength(2);
});

test.each([
  ["networks take turns", async () => 0],
  ["there is room for all but what reads pictures", async (device: Device) => plannedBytes(device)],
])("where %s, a picture that is drawn over takes no more", async (_, budget) => {
  const device = await testDevice();
  const { width, height } = RECIPE;
  const start = { width, height, data: new Uint8ClampedArray(4 * width * height).fill(200) };
  const recipe = { ...RECIPE, start: { picture: "0".repeat(32), strength: 1 } };
  const memoryBytes = await budget(device);
  let planned = 0;
  const { peakBytes, left } = await recordBuffers(device, async () => {
    const model = await openWgslModel(manifest, device, {}, { memoryBytes });
    planned = model.facts.memory?.gpuBytes ?? 0;
    await model.draw(recipe, {}, start);
    await model.draw(recipe, {}, start);
    await model.dispose();
  });
  expect(peakBytes).toBeLessThan(1.05 * planned);
  expect(left).toBe(0);
});

test.each([
  ["all stay", 1e9, 1.05],
  ["networks take turns", 0, 1.1],
])("where %s, a picture that is drawn in float32 takes what is planned for that", async (_, memoryBytes, most) => {
  const device = await testDevice();
  let planned = 0;
  let before = 0;
  const { peakBytes, left } = await recordBuffers(device, async () => {
    const model = await openWgslModel(manifest, device, {}, { memoryBytes, inFloat32: ["autoencoder", "denoiser"], format: "f16" });
    planned = model.facts.memory?.gpuBytes ?? 0;
    await model.draw(RECIPE);
    await model.dispose();
    const narrow = await openWgslModel(manifest, device, {}, { memoryBytes, format: "f16" });
    before = narrow.facts.memory?.gpuBytes ?? 0;
    await narrow.dispose();
  });
  expect(planned).toBeGreaterThan(before);
  expect(peakBytes).toBeLessThan(most * planned);
  expect(peakBytes).toBeGreaterThan(0.9 * planned);
  expect(left).toBe(0);
});

/** What all networks take beside each other. */
async function plannedBytes(device: Device): Promise<number> {
  const model = await openWgslModel(manifest, device, {}, { memoryBytes: 1e9 });
  await model.dispose();
  return model.facts.memory?.gpuBytes ?? 0;
}

test("control: less is planned where networks take turns", async () => {
  const device = await testDevice();
  const all = await openWgslModel(manifest, device, {}, { memoryBytes: 1e9 });
  const turns = await openWgslModel(manifest, device, {}, { memoryBytes: 0 });
  expect(turns.facts.memory?.gpuBytes).toBeLessThan(0.95 * (all.facts.memory?.gpuBytes ?? 0));
  expect(all.facts.memory?.turns).toEqual([]);
  await all.dispose();
  await turns.dispose();
});

/** SD-Turbo, for plans that are carried out by nobody. */
const TURBO = {
  texts: [openTextEncoder({ className: "CLIPTextModel", config: CLIP_H })],
  state: "lastHiddenState",
  denoiser: openDenoiser({ className: "UNet2DConditionModel", config: SD21 }),
  autoencoder: openAutoencoder({ className: "AutoencoderKL", config: { ...KL, force_upcast: false } }),
} as const;
const FORMATS = { format: "f16", weights: () => "f16", bufferBytes: 2 ** 28, bindingBytes: 2 ** 27 } as const satisfies PlannedFormats;
const SQUARE = { width: 512, height: 512, textTokens: 77 };

test("a decoder that gets less than usual is never planned with more, not even when the model is opened", () => {
  const given: number[] = [];
  const decoder = { evict: () => undefined, dropPlans: () => undefined, useArena: (bytes: number) => void given.push(bytes) };
  const turns = new MemoryTurns(TURBO, { autoencoder: decoder }, FORMATS, SQUARE, 2.2e9);
  turns.makeRoomFor("denoiser");
  expect(given).toEqual([turns.plan.decoderArenaBytes, turns.plan.decoderArenaBytes]);
  expect(turns.plan.decoderArenaBytes).toBeLessThan(2 ** 30);
});

describe("what another shape left", () => {
  const WIDE = { ...SQUARE, width: 1024 };
  const after = (budget: number, shapes: readonly PictureShape[]) => {
    const calls: string[] = [];
    const reader = { evict: () => void calls.push("evicted"), dropPlans: () => void calls.push("dropped"), useArena: () => undefined };
    const turns = new MemoryTurns(TURBO, { reader }, FORMATS, SQUARE, budget);
    for (const shape of shapes) turns.planFor(shape);
    return calls;
  };
  const needed = (shape: PictureShape) => planPicture(TURBO, shape, FORMATS, 8e9);

  test("stays where it fits beside the next one, however often they alternate", () => {
    expect(after(8e9, [WIDE, SQUARE, WIDE, SQUARE, WIDE])).toEqual([]);
  });

  test("leaves where it does not fit, and so do the weights of what read a picture", () => {
    // What reads pictures may have come for both.
    const both = needed(WIDE).stayingBytes + needed(SQUARE).shapeBytes;
    expect(needed(WIDE).encoderStays).toBe(true);
    expect(after(both, [WIDE])).toEqual([]);
    expect(after(both - 1, [WIDE])).toEqual(["dropped"]);
    expect(after(needed(WIDE).peakBytes, [WIDE])).toEqual(["evicted", "dropped"]);
  });

  test("counts, where it is asked what room there is besides; where networks take turns there is none", () => {
    const turnsOf = (budget: number) => new MemoryTurns(TURBO, {}, FORMATS, SQUARE, budget);
    const turns = turnsOf(8e9);
    expect(turns.roomBytes).toBe(8e9 - needed(SQUARE).stayingBytes);
    turns.planFor(WIDE);
    expect(turns.roomBytes).toBe(8e9 - needed(WIDE).stayingBytes - needed(SQUARE).shapeBytes);
    expect(turnsOf(needed(SQUARE).peakBytes).roomBytes).toBe(0);
    expect(turnsOf(needed(SQUARE).peakBytes - 1).roomBytes).toBe(0);
  });

  test("a text of more rows is another shape, and no rows given are those of before", () => {
    const { width, height } = SQUARE;
    const longer = { ...SQUARE, textTokens: 8 * 77 };
    expect(after(needed(longer).peakBytes, [longer])).toContain("dropped");
    expect(after(needed(SQUARE).peakBytes, [{ width, height }])).toEqual([]);
  });
});

test("where memory is short, what comes back soonest leaves before a picture is read", () => {
  const calls: string[] = [];
  const runner = (name: string) => ({
    useArena: () => undefined,
    evict: () => void calls.push(`${name} evicted`),
    dropPlans: () => void calls.push(`${name} dropped`),
  });
  const runners = { text_encoder: runner("text"), denoiser: runner("denoiser"), autoencoder: runner("decoder"), reader: runner("reader") };
  const turns = new MemoryTurns(TURBO, runners, { ...FORMATS, weights: (name) => (name === "autoencoder" ? "f16" : "q8") }, SQUARE, 1.3e9);
  expect(turns.plan.reading.leaving).toEqual({ autoencoder: "all" });
  turns.makeRoomToRead();
  expect(calls).toEqual(["decoder evicted"]);
});

describe("how many pictures are denoised together", () => {
  const { stayingBytes } = planPicture(TURBO, SQUARE, FORMATS, 8e9);
  const bytesOf = (batch: number, method: SteeringMethod = "nasa") => batchBytes(TURBO, SQUARE, { batch, method }, FORMATS) ?? NaN;
  const setUp = (budget: number, formats: PlannedFormats = FORMATS) => {
    const calls: string[] = [];
    const runner = { evict: () => void calls.push("evicted"), dropPlans: () => void calls.push("dropped"), useArena: () => undefined };
    const turns = new MemoryTurns(TURBO, { denoiser: runner }, formats, SQUARE, budget);
    return { turns, calls };
  };
  const most = (budget: number, wanted = 4, formats = FORMATS) => setUp(budget, formats).turns.together(wanted, "nasa");

  test("is the most whose tensors fit beside those of a single one, and never more than are wanted, or than four", () => {
    expect(most(8e9)).toBe(4);
    expect([1, 2, 3, 9].map((wanted) => most(8e9, wanted))).toEqual([1, 2, 3, 4]);
    for (const batch of [4, 3, 2]) {
      expect(most(stayingBytes + bytesOf(batch))).toBe(batch);
      expect(most(stayingBytes + bytesOf(batch) - 1)).toBe(batch - 1);
    }
    expect(bytesOf(4), "keys and values are there once").toBeLessThan(4 * bytesOf(1));
  });

  test("where networks take turns, what fits while they do", () => {
    const budget = 2.2e9;
    const { turns, roomBytes } = planPicture(TURBO, SQUARE, FORMATS, budget);
    expect(turns).toEqual(["text_encoder", "denoiser"]);
    expect(most(budget)).toBe([4, 3, 2].find((batch) => bytesOf(batch) <= roomBytes) ?? 1);
    expect(most(1e9), "where not even one fits").toBe(1);
  });

  test("is one where a tensor would be larger than the device allows", () => {
    expect(most(8e9, 4, { ...FORMATS, bindingBytes: 2 ** 23 })).toBe(1);
    expect(most(8e9, 4, { ...FORMATS, bufferBytes: 2 ** 23 })).toBe(1);
  });

  test("four, one and four again take nothing away, and neither does another shape or number that fits beside them", () => {
    const { turns, calls } = setUp(8e9);
    for (const wanted of [4, 1, 4, 3, 4]) expect(turns.together(wanted, "nasa")).toBe(wanted);
    turns.planFor({ ...SQUARE, width: 768 });
    expect(turns.together(4, "nasa")).toBe(4);
    turns.planFor(SQUARE);
    expect(turns.together(4, "nasa")).toBe(4);
    expect(calls).toEqual([]);
  });

  test("what other numbers and ways of steering left goes where it takes the room", () => {
    const { turns, calls } = setUp(stayingBytes + Math.max(bytesOf(4), bytesOf(4, "nag")));
    expect(turns.together(4, "nasa")).toBe(4);
    expect(turns.together(3, "nasa")).toBe(3);
    expect(calls).toEqual(["dropped"]);
    expect(turns.together(4, "nag")).toBe(4);
    expect(calls).toEqual(["dropped", "dropped"]);
    expect(turns.together(4, "nag")).toBe(4);
    expect(calls).toHaveLength(2);
  });

  test("what it left goes before a picture is read, where what reads it has no room beside all; else the decoder's tensors alone go", () => {
    const calls: string[] = [];
    const runner = (name: string) => ({ evict: () => undefined, useArena: () => undefined, dropPlans: () => void calls.push(name) });
    const runners = { denoiser: runner("denoiser"), autoencoder: runner("decoder"), reader: runner("reader") };
    const turns = new MemoryTurns(TURBO, runners, FORMATS, SQUARE, planPicture(TURBO, SQUARE, FORMATS, 8e9).peakBytes + bytesOf(2));
    expect(turns.plan).toMatchObject({ encoderStays: false, reading: { leaving: { autoencoder: "tensors" } } });
    turns.makeRoomToRead();
    expect(calls).toEqual(["decoder"]);
    expect(turns.together(2, "nasa")).toBe(2);
    turns.makeRoomToRead();
    expect(calls.slice(1)).toEqual(["denoiser", "decoder", "reader", "decoder"]);
    turns.makeRoomToRead();
    expect(calls.slice(5), "the batch is gone").toEqual(["decoder"]);
  });

  test("in float32 fewer fit", () => {
    const { turns, calls } = setUp(stayingBytes + bytesOf(4));
    expect(turns.together(4, "nasa")).toBe(4);
    turns.useFloat32(["denoiser"]);
    expect(calls, "what was compiled for float16 is gone").toEqual(["dropped"]);
    expect(turns.together(4, "nasa")).toBeLessThan(4);
    turns.useFloat32([]);
    expect(turns.together(4, "nasa")).toBe(4);
  });

  test("what a batch left counts where another shape is planned for", () => {
    const wide = { ...SQUARE, width: 1024 };
    const both = planPicture(TURBO, wide, FORMATS, 8e9).stayingBytes + planPicture(TURBO, SQUARE, FORMATS, 8e9).shapeBytes;
    const { turns, calls } = setUp(both + bytesOf(2));
    expect(turns.together(2, "nasa")).toBe(2);
    turns.planFor(wide);
    expect(calls).toEqual([]);
    const tight = setUp(both + bytesOf(2) - 1);
    expect(tight.turns.together(2, "nasa")).toBe(2);
    tight.turns.planFor(wide);
    expect(tight.calls).toEqual(["dropped"]);
  });
});
