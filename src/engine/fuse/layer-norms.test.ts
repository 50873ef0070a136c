// A layer norm in the load of the products that read it: outputs are what they are with a dispatch of its own, whatever the
// format and the tiles, and that dispatch is gone. The control cases keep it.
import { describe, expect, it } from "vitest";
import type { WeightFormat } from "../../common/weight-format";
import type { GraphBuilder } from "../graph-builder";
import type { KernelTraits } from "../traits";
import { COMPILE_TIMEOUT_MS } from "../kernels/gemm/testing/formats";
import type { NumberFormat, Tensor } from "../tensor";
import { expectSameOutputs, kernelsOn } from "../testing/compare-traits";
import { TRAITS } from "../traits";

interface Variant {
  readonly format: NumberFormat;
  readonly weights?: WeightFormat;
  readonly traits?: KernelTraits;
}

interface Case {
  readonly name: string;
  readonly build: (g: GraphBuilder) => void;
  readonly kernels: readonly string[];
}

/** 74 rows end within every tile. A mean far from zero shows whether the moments are taken safely. */
const tokens = (g: GraphBuilder, name = "x", channels = 96) => g.input(name, [2, 37, channels], "run");
const projected = (g: GraphBuilder, outputs: number) =>
  g.addTensors(g.linear(tokens(g), "before", { outputs }), tokens(g, "residual", outputs));
const norm = (g: GraphBuilder, x: Tensor) => g.layerNorm(x, "norm", { epsilon: 1e-5 });

const CASES: readonly Case[] = [
  {
    name: "one product of few columns",
    build: (g) => {
      const x = projected(g, 64);
      g.output("y", g.addTensors(g.linear(norm(g, x), "after", { outputs: 44 }), tokens(g, "last", 44)));
      g.output("x", x);
    },
    kernels: ["linear", "linear"],
  },
  {
    name: "a gated product",
    build: (g) => {
      const both = g.linear(norm(g, projected(g, 128)), "after", { outputs: 88 });
      g.output("y", g.gatedActivation(both, "gelu", { gateFirst: false }));
    },
    kernels: ["linear", "linear"],
  },
  {
    name: "two products of several",
    build: (g) => {
      const normed = norm(g, projected(g, 64));
      g.output("a", g.linear(normed, "a", { outputs: 32 }));
      g.output("b", g.linear(normed, "b", { outputs: 40, bias: false }));
    },
    kernels: ["linear", "linear", "linear"],
  },
  {
    name: "a split product",
    build: (g) => g.output("y", g.linear(norm(g, projected(g, 512)), "after", { outputs: 36 })),
    kernels: ["linear", "linear", "linear-sum"],
  },
  {
    name: "control: something else reads it too",
    build: (g) => {
      const normed = norm(g, projected(g, 64));
      g.output("y", g.linear(normed, "after", { outputs: 32 }));
      g.output("z", g.silu(normed));
    },
    kernels: ["linear", "layer-norm", "linear", "activate"],
  },
  {
    name: "control: it is an output",
    build: (g) => {
      const normed = norm(g, projected(g, 64));
      g.output("y", g.linear(normed, "after", { outputs: 32 }));
      g.output("z", normed);
    },
    kernels: ["linear", "layer-norm", "linear"],
  },
  {
    name: "control: no product computes what it normalises",
    build: (g) => g.output("y", g.linear(norm(g, tokens(g)), "after", { outputs: 32 })),
    kernels: ["layer-norm", "linear"],
  },
  {
    name: "control: the last tile has columns that are not there",
    build: (g) => g.output("y", g.linear(norm(g, projected(g, 76)), "after", { outputs: 32 })),
    kernels: ["linear", "layer-norm", "linear"],
  },
];

describe.each(CASES)("$name", ({ build, kernels }) => {
  it("has these dispatches on GPUs", () => {
    expect(kernelsOn(build, TRAITS.hardware)).toEqual(kernels);
  });
});

/** A plain product and a gated one of one norm, and a norm of so few columns that a workgroup has more rows than threads. */
function several(g: GraphBuilder): void {
  const normed = norm(g, projected(g, 384));
  g.output("plain", g.addTensors(g.linear(normed, "plain", { outputs: 72 }), tokens(g, "last", 72)));
  g.output("gated", g.gatedActivation(g.linear(normed, "gated", { outputs: 88 }), "gelu", { gateFirst: false }));
  const few = g.layerNorm(g.linear(tokens(g, "others"), "few", { outputs: 8 }), "norm-few", { epsilon: 1e-5 });
  g.output("few", g.linear(few, "after-few", { outputs: 40 }));
}

describe("outputs are what they are with a dispatch for the norm", () => {
  const variants: readonly Variant[] = [
    { format: "f32" },
    { format: "f16", weights: "q8", traits: TRAITS.hardwareWithFastFloat16 },
    // So that large tiles are busy.
    { format: "f32", weights: "q4", traits: { ...TRAITS.hardware, busyWorkgroups: 1 } },
  ];
  it.each(variants)(
    "$format $weights",
    async ({ format, weights, traits = TRAITS.hardware }) => {
      // f32: a mean of 20 deviations, and a hundred terms of 2^-24. f16: what is normalised is no longer rounded, 2^-11 at most, and
      // blocks of 16 products in float16 start from it, 2^-12 sqrt(8.5) as in ../kernels/gemm/testing/formats.ts.
      const tolerance = { f32: 2 ** -17, f16: 2 ** -11 + 1.5 * 2 ** -12 * Math.sqrt(8.5) }[format];
      const kinds = [traits, { ...traits, normalisesInProducts: false }] as const;
      await expectSameOutputs(several, kinds, {
        format,
        weights,
        tolerance,
        change: (name, values) => (name === "residual" ? values.map((value) => value + 20) : values),
      });
    },
    COMPILE_TIMEOUT_MS,
  );
});
