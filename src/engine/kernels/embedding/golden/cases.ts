// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "tokens-and-positions",
    on: ["gpu-f16", "software-f32"],
    build: (g) => {
      const ids = g.input("ids", [1, 77], "prompt", "u32");
      g.output("y", g.embedding(ids, { key: "token", shape: [49_408, 768] }, { key: "position", shape: [77, 768] }));
    },
  },
];
