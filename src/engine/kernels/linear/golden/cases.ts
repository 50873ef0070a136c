// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "many-rows",
    on: ["gpu-f16", "gpu-tiles-f16", "gpu-fast-f16"],
    build: (g) => g.output("y", g.silu(g.linear(g.input("x", [1, 16_384, 320], "run"), "w", { outputs: 320 }))),
  },
  {
    name: "few-rows",
    on: ["software-f16", "software-f32"],
    build: (g) => {
      const x = g.input("x", [1, 77, 320], "run");
      g.output("y", g.addTensors(x, g.linear(x, "w", { outputs: 320 })));
    },
  },
  {
    name: "split-reduction",
    on: ["gpu-f32"],
    build: (g) => g.output("y", g.linear(g.input("x", [1, 64, 1280], "run"), "w", { outputs: 1280 })),
  },
  {
    name: "gated",
    on: ["gpu-f16", "gpu-few-registers", "software-f16"],
    build: (g) => {
      const both = g.linear(g.input("x", [1, 64, 320], "run"), "w", { outputs: 2560 });
      g.output("y", g.gatedActivation(both, "gelu", { gateFirst: false }));
    },
  },
  {
    name: "normalised-rows",
    on: ["gpu-f16"],
    build: (g) => {
      const before = g.linear(g.input("x", [1, 4096, 320], "run"), "before", { outputs: 320 });
      g.output("y", g.linear(g.layerNorm(before, "norm", { epsilon: 1e-5 }), "w", { outputs: 320 }));
    },
  },
  {
    name: "weights-in-q8",
    on: ["gpu-f16", "software-f16"],
    weights: "q8",
    build: (g) => g.output("y", g.linear(g.input("x", [1, 16_384, 320], "run"), "w", { outputs: 320 })),
  },
  {
    name: "weights-in-q4",
    on: ["gpu-fast-f16", "software-f32"],
    weights: "q4",
    build: (g) => g.output("y", g.linear(g.input("x", [1, 16_384, 320], "run"), "w", { outputs: 320 })),
  },
  {
    name: "two-sources",
    on: ["gpu-f16", "software-f32"],
    build: (g) => {
      const joined = g.concatChannels(g.input("x", [1, 32, 64], "run"), g.input("second", [1, 32, 32], "run"));
      g.output("y", g.linear(joined, "w", { outputs: 32, bias: false }));
    },
  },
];
