// What leaves while a picture is read, on made-up sizes: what is brought back soonest goes first, strips before that, and nothing goes
// without need.
import { expect, test } from "vitest";
import type { NetworkNeed } from "./memory-plan";
import { planReading } from "./reading-plan";

const NEEDS: readonly NetworkNeed[] = [
  { name: "text_encoder", weightBytes: 30, loadingBytes: 0, arenaBytes: 1 },
  { name: "denoiser", weightBytes: 500, loadingBytes: 0, arenaBytes: 20 },
  { name: "autoencoder", weightBytes: 10, loadingBytes: 0, arenaBytes: 100 },
];
/** Whole, and in strips. */
const READERS = [90, 40].map((arenaBytes) => ({
  arenaBytes,
  need: { name: "autoencoder", weightBytes: 7, loadingBytes: 0, arenaBytes } as const,
}));
const plan = (most: number, turns: readonly NetworkNeed["name"][] = []) => planReading(NEEDS, { turns }, READERS, most);

test.each([
  { most: 658, arena: 90, peak: 658, leaving: { autoencoder: "tensors" } },
  { most: 657, arena: 40, peak: 608, leaving: { autoencoder: "tensors" } },
  { most: 607, arena: 40, peak: 598, leaving: { autoencoder: "all" } },
  { most: 597, arena: 40, peak: 578, leaving: { autoencoder: "all", denoiser: "tensors" } },
  { most: 577, arena: 40, peak: 547, leaving: { autoencoder: "all", denoiser: "tensors", text_encoder: "all", text_encoder_2: "all" } },
  { most: 546, arena: 90, peak: 97, leaving: { autoencoder: "all", denoiser: "all", text_encoder: "all", text_encoder_2: "all" } },
  // Nothing is within this: what comes nearest.
  { most: 0, arena: 40, peak: 47, leaving: { autoencoder: "all", denoiser: "all", text_encoder: "all", text_encoder_2: "all" } },
])("within $most: $leaving, with $arena for what is computed", ({ most, arena, peak, leaving }) => {
  expect(plan(most)).toEqual({ leaving, arenaBytes: arena, peakBytes: peak });
});

test("what gives way to the autoencoder is gone already, and the denoiser is not, though it takes turns with the text", () => {
  expect(plan(627, ["text_encoder", "denoiser"])).toEqual({ leaving: { autoencoder: "tensors" }, arenaBytes: 90, peakBytes: 627 });
});
