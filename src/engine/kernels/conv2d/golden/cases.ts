// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "residual-block",
    on: ["gpu-f16", "software-f16"],
    build: (g) => {
      const x = g.input("x", [1, 32, 32, 640], "run");
      const timestep = g.input("timestep", [1, 640], "timestep");
      const h = g.silu(g.addTensors(g.conv2d(x, "c", { outputs: 640 }), timestep));
      g.output("y", g.addTensors(x, h));
    },
  },
  {
    name: "upsampled",
    on: ["gpu-f32", "gpu-fast-f16", "software-f32"],
    build: (g) => g.output("y", g.conv2d(g.resizeNearest(g.input("x", [1, 32, 32, 64], "run"), 64, 64), "c", { outputs: 64 })),
  },
  {
    name: "three-channels",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.conv2d(g.input("x", [1, 256, 256, 64], "run"), "c", { outputs: 3 })),
  },
  {
    name: "with-its-shortcut",
    on: ["gpu-f16"],
    build: (g) => {
      const joined = g.concatChannels(g.input("x", [1, 64, 64, 320], "run"), g.input("skip", [1, 64, 64, 320], "run"));
      const shortcut = g.conv2d(joined, "shortcut", { outputs: 320, kernel: 1 });
      g.output("y", g.addTensors(g.conv2d(g.input("h", [1, 64, 64, 320], "run"), "w", { outputs: 320 }), shortcut));
    },
  },
];
