// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "four-channels-at-a-time",
    on: ["gpu-f16"],
    build: (g) => {
      const inputs = { branches: g.input("branches", [1, 256, 256], "run"), steering: g.input("steering", [1, 8], "run", "f32") };
      g.output("y", g.add({ kind: "nag-combine", inputs, weights: {} }, [1, 256, 128]));
    },
  },
  {
    name: "odd-channels",
    on: ["software-f32"],
    build: (g) => {
      const inputs = { branches: g.input("branches", [1, 9, 42], "run"), steering: g.input("steering", [1, 8], "run", "f32") };
      g.output("y", g.add({ kind: "nag-combine", inputs, weights: {} }, [1, 9, 21]));
    },
  },
];
