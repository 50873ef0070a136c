// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "heads-of-16",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.rotary(g.input("x", [1, 256, 64], "run"), { heads: 4, headSize: 16, theta: 10_000 })),
  },
];
