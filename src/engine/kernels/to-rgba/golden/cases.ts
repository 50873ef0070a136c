// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "picture",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.toRgba(g.input("x", [1, 256, 256, 3], "run"), { scale: 0.5, shift: 0.5 })),
  },
];
