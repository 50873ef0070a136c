// Queries that cross-attention computes itself: outputs are what they are with a dispatch for the product, and that dispatch is
// gone. The control cases keep it.
import { describe, expect, it } from "vitest";
import type { GraphBuilder } from "../graph-builder";
import { COMPILE_TIMEOUT_MS } from "../kernels/gemm/testing/formats";
import { steeringFields } from "../steering-input";
import type { Tensor } from "../tensor";
import { expectSameOutputs, kernelsOn } from "../testing/compare-traits";
import { testDevice } from "../testing/evaluate";
import { TRAITS, type KernelTraits } from "../traits";

const CHANNELS = 64;
const OPTIONS = { heads: 2, headSize: 32 } as const;
const ONE_HEAD = { heads: 1, headSize: 64 } as const;

/** 37 tokens end within every tile. */
const tokens = (g: GraphBuilder, name = "x") => g.input(name, [2, 37, CHANNELS], "run");

function attend(g: GraphBuilder, q: Tensor, method: "nasa" | "nag", heads: typeof OPTIONS | typeof ONE_HEAD = OPTIONS): void {
  const branch = (name: string, rate: "prompt" | "negative") => {
    const text = g.input(name, [2, 5, 24], rate);
    return { k: g.linear(text, "k", { outputs: CHANNELS, bias: false }), v: g.linear(text, "v", { outputs: CHANNELS, bias: false }) };
  };
  const steering = g.input("steering", [1, steeringFields(5)], "run", "f32");
  g.output("y", g.crossAttention(q, branch("text", "prompt"), branch("negative", "negative"), steering, { ...heads, method }));
}

const project = (g: GraphBuilder, x: Tensor, bias = false) => g.linear(x, "q", { outputs: CHANNELS, bias });

const plain = (g: GraphBuilder) => attend(g, project(g, tokens(g)), "nasa");

const normed = (method: "nasa" | "nag", heads?: typeof ONE_HEAD) => (g: GraphBuilder) => {
  const before = g.addTensors(g.linear(tokens(g), "before", { outputs: CHANNELS }), tokens(g, "residual"));
  attend(g, project(g, g.layerNorm(before, "norm", { epsilon: 1e-5 })), method, heads);
};

const texts = ["linear", "linear"];

describe("the dispatch that was to go is gone", () => {
  it.each([
    { name: "of a tensor", build: plain, kernels: [...texts, "cross-attention-nasa"] },
    {
      name: "of normalised rows",
      build: normed("nasa"),
      limits: { storageBuffers: 9 },
      kernels: [...texts, "linear", "cross-attention-nasa"],
    },
    {
      name: "control: too few bindings for a norm too",
      build: normed("nasa"),
      kernels: [...texts, "linear", "linear", "cross-attention-nasa"],
    },
    {
      name: "of normalised rows, with heads that need most of the workgroup's memory",
      build: normed("nasa", ONE_HEAD),
      traits: TRAITS.hardwareWithFastFloat16,
      limits: { storageBuffers: 9, workgroupBytes: 32_768 },
      kernels: [...texts, "linear", "cross-attention-nasa"],
    },
    {
      name: "control: such heads, and no memory left for a norm",
      build: normed("nasa", ONE_HEAD),
      traits: TRAITS.hardwareWithFastFloat16,
      limits: { storageBuffers: 9 },
      kernels: [...texts, "linear", "linear", "cross-attention-nasa"],
    },
    {
      name: "control: with a bias",
      build: (g: GraphBuilder) => attend(g, project(g, tokens(g), true), "nasa"),
      kernels: [...texts, "linear", "cross-attention-nasa"],
    },
    {
      name: "control: something else reads them",
      build: (g: GraphBuilder) => {
        const q = project(g, tokens(g));
        attend(g, q, "nasa");
        g.output("q", q);
      },
      kernels: [...texts, "linear", "cross-attention-nasa"],
    },
  ])("$name", ({ build, kernels, traits = TRAITS.hardware, limits = {} }) => {
    expect(kernelsOn(build, traits, limits)).toEqual(kernels);
  });
});

describe("outputs are what they are with a dispatch for the queries", () => {
  it.for([
    { name: "nag, of normalised rows", build: normed("nag"), format: "f32", traits: TRAITS.hardware, weights: "q8" },
    { name: "nasa, of normalised rows", build: normed("nasa"), format: "f16", traits: TRAITS.hardwareWithFastFloat16 },
    { name: "nasa, heads of 64", build: normed("nasa", ONE_HEAD), format: "f16", traits: TRAITS.hardwareWithFastFloat16 },
  ] as const)("$name, $format", { timeout: COMPILE_TIMEOUT_MS }, async ({ build, format, traits, ...rest }, { skip }) => {
    const without = { ...traits, projectsQueriesInAttention: false };
    const { storageBuffers, workgroupBytes } = (await testDevice()).target(format);
    const dispatches = (of: KernelTraits) => kernelsOn(build, of, { format, storageBuffers, workgroupBytes }).length;
    skip(dispatches(traits) === dispatches(without), "this adapter has too few bindings or too little workgroup memory");
    // f32: a score has a hundred terms of 2^-24 and is as large as ten. f16: queries are no longer rounded, 2^-11 of scores
    // that are as large as ten.
    const tolerance = { f32: 2 ** -17, f16: 10 * 2 ** -11 }[format];
    const change = (name: string, values: Float32Array<ArrayBuffer>) =>
      name === "steering" ? Float32Array.from({ length: steeringFields(5) }, (_, i) => [5, 4, 0.5, 1.5, 2.5, 0.4, 0, 0][i] ?? 1) : values;
    await expectSameOutputs(build, [traits, without], { format, tolerance, change, ...rest });
  });
});
