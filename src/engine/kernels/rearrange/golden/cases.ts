// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GoldenCase } from "../../../golden-case";

export const CASES: readonly GoldenCase[] = [
  {
    name: "concat-channels",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.concatChannels(g.input("x", [1, 64, 40], "run"), g.input("b", [1, 64, 24], "run"))),
  },
  {
    name: "concat-odd-channels",
    on: ["gpu-f32"],
    build: (g) => g.output("y", g.concatChannels(g.input("x", [1, 64, 5], "run"), g.input("b", [1, 64, 6], "run"))),
  },
  {
    name: "concat-tokens",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.concatTokens(g.input("x", [1, 8, 64], "run"), g.input("b", [1, 256, 64], "run"))),
  },
  { name: "slice-channels", on: ["gpu-f16"], build: (g) => g.output("y", g.slice(g.input("x", [1, 64, 40], "run"), "channels", 8, 16)) },
  { name: "slice-tokens", on: ["gpu-f16"], build: (g) => g.output("y", g.slice(g.input("x", [2, 64, 40], "run"), "tokens", 8, 16)) },
  {
    name: "lines",
    on: ["gpu-f16"],
    build: (g) => {
      const [before, x, after] = [
        g.input("before", [1, 8, 32, 64], "run"),
        g.input("x", [1, 8, 32, 64], "run"),
        g.input("after", [1, 8, 32, 64], "run"),
      ];
      g.output("y", g.add({ kind: "lines", inputs: { before, x, after }, weights: {}, begin: 7 }, [1, 10, 32, 64]));
    },
  },
  {
    name: "gather-row",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.gatherRow(g.input("x", [2, 77, 64], "run"), g.input("index", [1, 2], "run", "u32"))),
  },
  {
    name: "unpatchify",
    on: ["gpu-f16"],
    build: (g) => g.output("y", g.unpatchify(g.input("x", [1, 256, 16], "run"), { patch: 2, height: 32, width: 32 })),
  },
];
