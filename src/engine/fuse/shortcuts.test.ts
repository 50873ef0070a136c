// A shortcut inside its convolution: outputs are what they are with a dispatch of its own, and that dispatch is gone. The
// control cases keep it.
import { describe, expect, it } from "vitest";
import type { GraphBuilder } from "../graph-builder";
import { COMPILE_TIMEOUT_MS, sumTolerance } from "../kernels/gemm/testing/formats";
import type { Tensor } from "../tensor";
import { expectSameOutputs, kernelsOn } from "../testing/compare-traits";
import { TRAITS } from "../traits";

/** 66 pixels end within every tile. */
const image = (g: GraphBuilder, name: string, channels: number) => g.input(name, [2, 3, 11, channels], "run");

function block(g: GraphBuilder, x: Tensor, channels: number): Tensor {
  return g.addTensors(g.conv2d(image(g, "h", channels), "conv", { outputs: 44 }), g.conv2d(x, "shortcut", { outputs: 44, kernel: 1 }));
}

/** One source that ends within a slice. */
const narrow = (g: GraphBuilder) => g.output("y", block(g, image(g, "x", 23), 10));

/** Two sources and a reduction in parts, which a norm adds up. */
function wide(g: GraphBuilder): void {
  const y = block(g, g.concatChannels(image(g, "x", 72), image(g, "skip", 40)), 48);
  g.output("y", y);
  g.output("norm", g.groupNorm(y, "norm", { groups: 4, epsilon: 1e-5 }));
}

describe("the dispatch that was to go is gone", () => {
  it.each([
    { name: "one source", build: narrow, kernels: ["conv2d"] },
    { name: "two sources, in parts", build: wide, kernels: ["conv2d", "group-norm"] },
    {
      name: "control: an activation before the sum",
      build: (g: GraphBuilder) => {
        const activated = g.silu(g.conv2d(image(g, "h", 12), "conv", { outputs: 44 }));
        g.output("y", g.addTensors(g.conv2d(image(g, "x", 24), "shortcut", { outputs: 44, kernel: 1 }), activated));
      },
      kernels: ["linear", "conv2d"],
    },
    {
      name: "control: the convolution is of an upsampled image, in phases, whose rows are no rows of the shortcut",
      build: (g: GraphBuilder) => {
        const large = g.conv2d(g.resizeNearest(image(g, "h", 12), 6, 22), "conv", { outputs: 44 });
        g.output("y", g.addTensors(large, g.conv2d(g.input("x", [2, 6, 22, 24], "run"), "shortcut", { outputs: 44, kernel: 1 })));
      },
      kernels: ["linear", "conv2d"],
    },
    {
      name: "control: the shortcut applies a norm that has no dispatch",
      build: (g: GraphBuilder) => {
        const before = g.conv2d(image(g, "x", 24), "before", { outputs: 64, kernel: 1 });
        const normed = g.layerNorm(before, "norm", { epsilon: 1e-5 });
        g.output("y", block(g, normed, 12));
      },
      kernels: ["linear", "linear", "conv2d"],
    },
    {
      name: "control: something else reads the shortcut",
      build: (g: GraphBuilder) => {
        const shortcut = g.conv2d(image(g, "x", 24), "shortcut", { outputs: 44, kernel: 1 });
        g.output("y", g.addTensors(g.conv2d(image(g, "h", 12), "conv", { outputs: 44 }), shortcut));
        g.output("z", shortcut);
      },
      kernels: ["linear", "conv2d"],
    },
  ])("$name", ({ build, kernels }) => expect(kernelsOn(build, TRAITS.hardware)).toEqual(kernels));
});

describe("outputs are what they are with a dispatch for the shortcut", () => {
  it.each([
    { name: "one source", build: narrow, format: "f32", traits: TRAITS.hardware },
    { name: "two sources, in parts", build: wide, format: "f16", traits: TRAITS.hardwareWithFastFloat16 },
    { name: "control: weights in other formats", build: wide, format: "f32", traits: TRAITS.hardware, weights: "q8" },
  ] as const)(
    "$name, $format",
    async ({ build, format, traits, ...rest }) => {
      const without = { ...traits, addsShortcutsInConvolutions: false };
      const tolerance = sumTolerance(9 * 48 + 112, { format, target: { traits } });
      await expectSameOutputs(build, [traits, without], { format, tolerance, ...rest });
    },
    COMPILE_TIMEOUT_MS,
  );
});
