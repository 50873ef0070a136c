// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "resize-nearest",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.resizeNearest(g.input("x", [1, 16, 16, 64], "run"), 24, 24)),
  },
  { name: "average-pool", on: ["gpu-f16"], build: (g) => g.output("y", g.averagePool(g.input("x", [1, 16, 16, 64], "run"))) },
];
