// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

const OPTIONS = { groups: 32, epsilon: 1e-5 };

export const CASES: readonly GoldenCase[] = [
  {
    name: "one-workgroup-a-group",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.silu(g.groupNorm(g.input("x", [1, 16, 16, 640], "run"), "norm", OPTIONS))),
  },
  {
    name: "modulated",
    on: ["software-f32"],
    build: (g) => {
      const modulation = g.input("modulation", [1, 128], "timestep");
      g.output("y", g.silu(g.groupNorm(g.input("x", [1, 16, 16, 64], "run"), "norm", { ...OPTIONS, modulation, affine: false })));
    },
  },
  {
    name: "chunks-of-two-sources",
    on: ["gpu-f32"],
    build: (g) => {
      const joined = g.concatChannels(g.input("x", [1, 64, 64, 320], "run"), g.input("second", [1, 64, 64, 640], "run"));
      g.output("y", g.groupNorm(joined, "norm", OPTIONS));
    },
  },
  {
    name: "moments-of-lines",
    on: ["gpu-f16"],
    build: (g) => {
      const x = g.input("x", [1, 8, 512, 128], "run");
      g.output("y", g.add({ kind: "channel-moments", inputs: { x }, weights: {} }, [1, 16, 128], "f32"));
    },
  },
];
