// Rules of taking turns, on made-up sizes: least is brought back, the denoiser leaves last of all, and what is planned is what is there
// when networks run.
import { describe, expect, test } from "vitest";
import { givesWay, planMemory, type NetworkNeed } from "./memory-plan";

const NEEDS: readonly NetworkNeed[] = [
  { name: "text_encoder", weightBytes: 30, loadingBytes: 0, arenaBytes: 1 },
  { name: "text_encoder_2", weightBytes: 140, loadingBytes: 0, arenaBytes: 2 },
  { name: "denoiser", weightBytes: 500, loadingBytes: 0, arenaBytes: 20 },
  { name: "autoencoder", weightBytes: 10, loadingBytes: 0, arenaBytes: 100 },
];

describe("who takes turns", () => {
  test.each([
    { budget: 803, turns: [], peak: 803 },
    // The two that cost least to bring back are those of 10 and 30 bytes; without the smaller one the other's place is free.
    { budget: 802, turns: ["text_encoder", "autoencoder"], peak: 772 },
    { budget: 771, turns: ["text_encoder_2", "autoencoder"], peak: 693 },
    { budget: 692, turns: ["text_encoder", "text_encoder_2", "autoencoder"], peak: 662 },
    // Only now the denoiser, and no other as well without need.
    { budget: 661, turns: ["text_encoder_2", "denoiser"], peak: 661 },
    { budget: 660, turns: ["text_encoder", "text_encoder_2", "denoiser"], peak: 630 },
    // Nothing is within this budget: what comes nearest, and of it what costs least.
    { budget: 0, turns: ["text_encoder", "text_encoder_2", "denoiser"], peak: 630 },
  ])("within $budget: $turns", ({ budget, turns, peak }) => {
    const plan = planMemory(NEEDS, budget);
    expect([...plan.turns].toSorted()).toEqual([...turns].toSorted());
    expect(plan.peakBytes).toBe(peak);
  });

  test("a model that draws classes has two networks, which never part", () => {
    const plan = planMemory(NEEDS.slice(2), 0);
    expect(plan).toEqual({ turns: [], peakBytes: 630, parts: false });
  });

  test("where they part, each has the other's weights beside it, and not what it computes", () => {
    expect(planMemory(NEEDS.slice(2), 0, true)).toEqual({ turns: [], peakBytes: 610, parts: true });
    // The text encoders run beside both, with the tensors of both.
    expect(planMemory(NEEDS, 1e6, true).peakBytes).toBe(803);
  });
});

test("what weights are loaded through is there before intermediate tensors are, and counts where it is more", () => {
  const loadedThrough = (loadingBytes: number) => NEEDS.map((need) => (need.name === "denoiser" ? { ...need, loadingBytes } : need));
  expect(planMemory(loadedThrough(20), 1e6).peakBytes).toBe(803);
  expect(planMemory(loadedThrough(27), 1e6).peakBytes).toBe(810);
});

test("who gives way to whom", () => {
  const plan = { turns: ["text_encoder", "denoiser", "autoencoder"] } as const;
  expect(givesWay(plan, "text_encoder", "denoiser")).toBe(true);
  expect(givesWay(plan, "denoiser", "text_encoder")).toBe(true);
  // A latent goes from one to the other.
  expect(givesWay(plan, "denoiser", "autoencoder")).toBe(false);
  expect(givesWay(plan, "autoencoder", "denoiser")).toBe(false);
  expect(givesWay(plan, "denoiser", "text_encoder_2")).toBe(false);
  expect(givesWay(plan, "denoiser", "denoiser")).toBe(false);
});
