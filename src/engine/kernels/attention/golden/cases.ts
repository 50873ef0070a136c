// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GraphBuilder } from "../../../graph-builder";
import type { GoldenCase } from "../../../golden-case";

function selfAttention(g: GraphBuilder, tokens: number, heads: number, headSize: number, causal: boolean): void {
  const shape = [1, tokens, heads * headSize];
  const [q, k, v] = [g.input("q", shape, "run"), g.input("k", shape, "run"), g.input("v", shape, "run")];
  g.output("y", g.attention(q, k, v, { heads, headSize, causal }));
}

export const CASES: readonly GoldenCase[] = [
  {
    name: "heads-of-64",
    on: ["gpu-f16", "gpu-tiles-f16", "gpu-fast-f16", "gpu-few-registers", "software-f16"],
    build: (g) => selfAttention(g, 1024, 10, 64, false),
  },
  { name: "causal", on: ["gpu-f32"], build: (g) => selfAttention(g, 77, 16, 32, true) },
  { name: "one-head-of-512", on: ["gpu-f32"], build: (g) => selfAttention(g, 4096, 1, 512, false) },
  { name: "odd-heads", on: ["software-f32"], build: (g) => selfAttention(g, 77, 3, 7, true) },
];
