// The rule of every rewrite: the outputs stay what they were, and the dispatches that
// were to go are gone. Each case is a small graph run with and without fusion; the
// control case is a graph that must not be rewritten.
import { describe, expect, test } from "vitest";
import type { Graph } from "../graph";
import { GraphBuilder } from "../graph-builder";
import type { OpKind } from "../ops";
import { steeringFields } from "../steering-input";
import { evaluate, expectClose, random } from "../testing/evaluate";
import type { TensorData } from "../transfer";
import { checkpointTensors } from "../weights";
import { fuseGraph } from ".";
import { product, type Tensor } from "../tensor";

interface Case {
  readonly name: string;
  readonly build: (g: GraphBuilder) => void;
  /** Kinds of the fused graph's ops, in order. */
  readonly fused: readonly OpKind[];
}

const image = (g: GraphBuilder, name = "x", channels = 8) => g.input(name, [1, 6, 5, channels], "run");
const tokens = (g: GraphBuilder, name = "x", channels = 8) => g.input(name, [2, 7, channels], "run");
const heads = { heads: 2, headSize: 4 };

const CASES: readonly Case[] = [
  {
    name: "an activation becomes a linear's epilogue",
    build: (g) => g.output("y", g.activate(g.linear(tokens(g), "a", { outputs: 12 }), "gelu")),
    fused: ["linear"],
  },
  {
    name: "an activation becomes a group norm's epilogue",
    build: (g) => g.output("y", g.silu(g.groupNorm(image(g), "n", { groups: 2, epsilon: 1e-5 }))),
    fused: ["group-norm"],
  },
  {
    name: "a time embedding and a residual become a convolution's",
    build: (g) => {
      const x = image(g);
      const time = g.input("time", [1, 8], "timestep");
      g.output("y", g.addTensors(g.conv2d(g.addTensors(g.conv2d(x, "a", { outputs: 8 }), time), "b", { outputs: 8 }), x));
    },
    fused: ["conv2d", "conv2d"],
  },
  {
    name: "the time's projections of all convolutions become one",
    build: (g) => {
      const time = g.input("time", [1, 12], "timestep");
      const timed = (x: Tensor, name: string, outputs: number) =>
        g.addTensors(g.conv2d(x, name, { outputs }), g.linear(time, `${name}.time`, { outputs }));
      g.output("y", timed(timed(timed(image(g), "a", 8), "b", 12), "c", 4));
    },
    fused: ["linear", "conv2d", "conv2d", "conv2d"],
  },
  {
    name: "control: projections of two tensors stay two",
    build: (g) => {
      const timed = (x: Tensor, name: string) =>
        g.addTensors(
          g.conv2d(x, name, { outputs: 8 }),
          g.linear(g.input(`${name}.in`, [1, 4], "timestep"), `${name}.time`, { outputs: 8 }),
        );
      g.output("y", timed(timed(image(g), "a"), "b"));
    },
    fused: ["linear", "conv2d", "linear", "conv2d"],
  },
  {
    name: "an activation after a residual is the final one",
    build: (g) => {
      const x = image(g);
      g.output("y", g.activate(g.addTensors(g.conv2d(x, "a", { outputs: 8 }), x), "relu"));
    },
    fused: ["conv2d"],
  },
  {
    name: "a doubling resize is read by the convolution",
    build: (g) => g.output("y", g.conv2d(g.resizeNearest(image(g), 12, 10), "a", { outputs: 4 })),
    fused: ["conv2d"],
  },
  {
    name: "control: a resize by another factor stays",
    build: (g) => g.output("y", g.conv2d(g.resizeNearest(image(g), 11, 10), "a", { outputs: 4 })),
    fused: ["resize-nearest", "conv2d"],
  },
  {
    name: "control: a resize stays before a convolution that is not 3x3 of stride 1",
    build: (g) => {
      const large = g.resizeNearest(image(g), 12, 10);
      g.output("y", g.conv2d(large, "a", { outputs: 4, stride: 2 }));
      g.output("z", g.conv2d(large, "b", { outputs: 4, kernel: 5 }));
    },
    fused: ["resize-nearest", "conv2d", "conv2d"],
  },
  {
    name: "both readers of a concatenation read its sources",
    build: (g) => {
      const joined = g.concatChannels(image(g), image(g, "b", 12));
      g.output("norm", g.groupNorm(joined, "n", { groups: 5, epsilon: 1e-5 }));
      g.output("skip", g.conv2d(joined, "s", { outputs: 8, kernel: 1 }));
    },
    fused: ["group-norm", "linear"],
  },
  {
    name: "control: a seam off the vec4 stays a concatenation",
    build: (g) => g.output("y", g.groupNorm(g.concatChannels(image(g, "x", 6), image(g, "b", 6)), "n", { groups: 3, epsilon: 1e-5 })),
    fused: ["concat", "group-norm"],
  },
  {
    name: "GEGLU becomes one interleaved linear",
    build: (g) => g.output("y", g.gatedActivation(g.linear(tokens(g), "a", { outputs: 24 }), "gelu", { gateFirst: false })),
    fused: ["linear"],
  },
  {
    name: "query, key and value become one projection",
    build: (g) => {
      const x = tokens(g);
      const project = (name: string) => g.linear(x, name, { outputs: 8 });
      g.output("y", g.attention(project("q"), project("k"), project("v"), heads));
    },
    fused: ["linear", "attention"],
  },
  {
    name: "key and value of both texts become one projection each",
    build: (g) => {
      const q = tokens(g);
      const branch = (name: string) => {
        const text = g.input(name, [2, 5, 12], "prompt");
        return { k: g.linear(text, "k", { outputs: 8, bias: false }), v: g.linear(text, "v", { outputs: 8, bias: false }) };
      };
      const steering = g.input("steering", [1, steeringFields(5)], "run", "f32");
      g.output("y", g.crossAttention(q, branch("positive"), branch("negative"), steering, { ...heads, method: "nasa" }));
    },
    fused: ["linear", "linear", "cross-attention"],
  },
  {
    name: "a scale before packing pixels is folded into it",
    build: (g) => g.output("y", g.toRgba(g.scaleShift(image(g, "x", 3), 2, -1), { scale: 0.5, shift: 0.5 })),
    fused: ["to-rgba"],
  },
  {
    name: "control: a tensor with two readers is not absorbed",
    build: (g) => {
      const a = g.linear(tokens(g), "a", { outputs: 8 });
      g.output("y", g.silu(a));
      g.output("z", a);
    },
    fused: ["linear", "activate"],
  },
];

describe.each(CASES)("$name", ({ build, fused }) => {
  test("the dispatches that were to go are gone", () => {
    expect(fuseGraph(graphOf(build)).nodes.map(({ op }) => op.kind)).toEqual(fused);
  });

  test("the outputs are unchanged", async () => {
    const graph = graphOf(build);
    const data = { inputs: inputsOf(graph), weights: weightsOf(graph) };
    const plain = await evaluate(build, data);
    const rewritten = await evaluate(build, data, { fuse: true });
    // The same f32 sums, associated differently: a few dozen terms of 2^-24 each.
    for (const [name, values] of Object.entries(plain)) expectClose(rewritten[name] ?? [], values, 2 ** -19);
  });
});

function graphOf(build: (g: GraphBuilder) => void): Graph {
  const builder = new GraphBuilder();
  build(builder);
  return builder.build();
}

function inputsOf(graph: Graph): Record<string, TensorData> {
  const steering = Float32Array.from({ length: steeringFields(5) }, (_, i) => [5, 4, 0.5, 0, 0, 0, 0, 0][i] ?? 1);
  return Object.fromEntries(
    [...graph.inputs].map(([name, { tensor }], index) => [name, name === "steering" ? steering : random(product(tensor.shape), index + 1)]),
  );
}

function weightsOf(graph: Graph): Record<string, Float32Array> {
  return Object.fromEntries([...checkpointTensors(graph)].map(([key, shape], index) => [key, random(product(shape), 100 + index)]));
}
