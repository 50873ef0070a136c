// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "heads-of-64",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.rmsNorm(g.input("x", [1, 256, 384], "run"), "norm", { epsilon: 1e-6, groupSize: 64 })),
  },
  {
    name: "odd-rows",
    on: ["software-f32"],
    build: (g) => g.output("y", g.rmsNorm(g.input("x", [1, 9, 21], "run"), "norm", { epsilon: 1e-6 })),
  },
];
