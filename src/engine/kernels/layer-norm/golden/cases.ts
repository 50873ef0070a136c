// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "of-a-product-in-parts",
    on: ["gpu-f16"],
    build: (g) => {
      const product = g.linear(g.input("x", [1, 64, 1280], "run"), "product", { outputs: 320 });
      g.output("y", g.layerNorm(product, "norm", { epsilon: 1e-5 }));
    },
  },
  {
    name: "affine",
    on: ["gpu-f16", "software-f32"],
    build: (g) => g.output("y", g.layerNorm(g.input("x", [1, 1024, 640], "run"), "norm", { epsilon: 1e-5 })),
  },
  {
    name: "modulated",
    on: ["gpu-f32"],
    build: (g) => {
      const modulation = { tensor: g.input("modulation", [2, 6 * 30], "timestep"), shiftChunk: 0, scaleChunk: 1 };
      g.output("y", g.layerNorm(g.input("x", [2, 64, 30], "run"), "norm", { epsilon: 1e-6, affine: false, modulation }));
    },
  },
];
