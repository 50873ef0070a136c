// Graphs whose WGSL is kept in this folder, to be read in reviews.
import type { GraphBuilder } from "../../../graph-builder";
import type { GoldenCase } from "../../../golden-case";
import type { SteeringMethod } from "../../../../common/steering";
import { steeringFields } from "../../../steering-input";

function projected(g: GraphBuilder): void {
  const q = g.linear(g.input("x", [1, 256, 128], "run"), "q", { outputs: 128, bias: false });
  const branch = (name: string, rate: "prompt" | "negative") => {
    const text = g.input(name, [1, 77, 128], rate);
    return { k: g.linear(text, "k", { outputs: 128, bias: false }), v: g.linear(text, "v", { outputs: 128, bias: false }) };
  };
  const steering = g.input("steering", [1, steeringFields(77)], "run", "f32");
  const options = { heads: 4, headSize: 32, method: "nasa" } as const;
  g.output("y", g.crossAttention(q, branch("text", "prompt"), branch("negative", "negative"), steering, options));
}

function steered(g: GraphBuilder, method: SteeringMethod): void {
  const [q, text] = [g.input("q", [1, 256, 128], "run"), [1, 77, 128]];
  const branch = (name: string, rate: "prompt" | "negative") => ({
    k: g.input(`${name}k`, text, rate),
    v: g.input(`${name}v`, text, rate),
  });
  const steering = g.input("steering", [1, steeringFields(77)], "run", "f32");
  g.output("y", g.crossAttention(q, branch("", "prompt"), branch("negative ", "negative"), steering, { heads: 4, headSize: 32, method }));
}

export const CASES: readonly GoldenCase[] = [
  { name: "nasa", on: ["gpu-f16", "software-f32"], build: (g) => steered(g, "nasa") },
  { name: "queries-projected", on: ["gpu-fast-f16"], build: projected },
  { name: "nag", on: ["software-f16"], build: (g) => steered(g, "nag") },
  { name: "vsf", on: ["gpu-f16", "software-f32"], build: (g) => steered(g, "vsf") },
];
