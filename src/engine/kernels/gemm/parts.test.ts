// The parts of a split product, added up by the norm that reads it: the sum and the norm are what they are without, and the
// pass that adds them up is gone.
import { describe, expect, it } from "vitest";
import { fuseGraph } from "../../fuse";
import type { Graph } from "../../graph";
import { GraphBuilder } from "../../graph-builder";
import { LEAST_LIMITS, type KernelTarget } from "../../kernel";
import { stageGraph } from "../../stages";
import { product, type Tensor } from "../../tensor";
import { evaluate, expectClose, random } from "../../testing/evaluate";
import { TRAITS } from "../../traits";
import { checkpointTensors } from "../../weights";

interface Case {
  readonly name: string;
  readonly build: (g: GraphBuilder) => void;
  readonly kernels: readonly string[];
}

const tokens = (g: GraphBuilder) => g.input("x", [2, 10, 512], "run");
const image = (g: GraphBuilder, name = "x", channels = 128) => g.input(name, [1, 6, 5, channels], "run");

/** Both the sum and the norm are read, so that both are checked. */
function outputs(g: GraphBuilder, sum: Tensor, norm: Tensor): void {
  g.output("sum", sum);
  g.output("norm", norm);
}

const CASES: readonly Case[] = [
  {
    name: "a layer norm after a linear",
    build: (g) => {
      const sum = g.linear(tokens(g), "a", { outputs: 68 });
      outputs(g, sum, g.layerNorm(sum, "n", { epsilon: 1e-5 }));
    },
    kernels: ["linear", "layer-norm"],
  },
  {
    name: "a group norm after a convolution",
    build: (g) => {
      const sum = g.conv2d(image(g), "a", { outputs: 64 });
      outputs(g, sum, g.silu(g.groupNorm(sum, "n", { groups: 8, epsilon: 1e-5 })));
    },
    kernels: ["conv2d", "group-norm"],
  },
  {
    name: "a group norm of it and a second tensor, with a residual",
    build: (g) => {
      const sum = g.addTensors(g.conv2d(image(g), "a", { outputs: 64 }), image(g, "residual", 64));
      outputs(g, sum, g.groupNorm(g.concatChannels(sum, image(g, "second", 32)), "n", { groups: 4, epsilon: 1e-5 }));
    },
    kernels: ["conv2d", "group-norm"],
  },
  {
    name: "a group norm that reads pairs",
    build: (g) => {
      const sum = g.conv2d(image(g), "a", { outputs: 48 });
      outputs(g, sum, g.groupNorm(sum, "n", { groups: 8, epsilon: 1e-5 }));
    },
    kernels: ["conv2d", "group-norm"],
  },
  {
    name: "a group norm of single channels",
    build: (g) => {
      const sum = g.conv2d(image(g), "a", { outputs: 36 });
      outputs(g, sum, g.groupNorm(sum, "n", { groups: 12, epsilon: 1e-5 }));
    },
    kernels: ["conv2d", "group-norm"],
  },
  {
    name: "control: channels with padding",
    build: (g) => {
      const sum = g.conv2d(image(g), "a", { outputs: 34 });
      outputs(g, sum, g.groupNorm(sum, "n", { groups: 2, epsilon: 1e-5 }));
    },
    kernels: ["conv2d", "conv2d-sum", "group-norm"],
  },
  {
    name: "control: something else reads it first",
    build: (g) => {
      const sum = g.linear(tokens(g), "a", { outputs: 68 });
      const first = g.silu(sum);
      outputs(g, first, g.layerNorm(sum, "n", { epsilon: 1e-5 }));
    },
    kernels: ["linear", "linear-sum", "activate", "layer-norm"],
  },
];

/** Two hundred terms of 2^-24 in a sum, and what a norm makes of it; the tiles differ in the order of their sums. */
const TOLERANCE = 2 ** -18;

describe.each(CASES)("$name", ({ build, kernels }) => {
  const graph = graphOf(build);

  it("has these dispatches", () => {
    const target: KernelTarget = { ...LEAST_LIMITS, format: "f16", half: true, traits: TRAITS.hardware };
    expect(stageGraph(graph, target).dispatches.map(({ kernel }) => kernel.name)).toEqual(kernels);
  });

  it("gives what products give that are not split", async () => {
    const inputs = Object.fromEntries(
      [...graph.inputs].map(([name, { tensor }], index) => [name, random(product(tensor.shape), index + 1)]),
    );
    const weights = Object.fromEntries(
      [...checkpointTensors(graph)].map(([key, shape], index) => [key, random(product(shape), 100 + index).map((value) => value / 8)]),
    );
    const options = { fuse: true } as const;
    const expected = await evaluate(
      build,
      { inputs, weights },
      { ...options, target: { traits: { ...TRAITS.hardware, busyWorkgroups: 1 } } },
    );
    const actual = await evaluate(build, { inputs, weights }, { ...options, target: { traits: TRAITS.hardware } });
    for (const [name, values] of Object.entries(expected)) expectClose(actual[name] ?? [], values, TOLERANCE);
  });
});

function graphOf(build: (g: GraphBuilder) => void): Graph {
  const builder = new GraphBuilder();
  build(builder);
  return fuseGraph(builder.build());
}
