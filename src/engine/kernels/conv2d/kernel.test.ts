import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../graph-builder";
import { LEAST_LIMITS, type KernelTarget } from "../../kernel";
import type { Activation, Padding } from "../../ops";
import { stageGraph } from "../../stages";
import { evaluate, expectClose, random } from "../../testing/evaluate";
import { type KernelTraits, TRAITS } from "../../traits";
import { casesIn, COMPILE_TIMEOUT_MS, FORMATS, sumTolerance, type Format, type Formats } from "../gemm/testing/formats";
import { conv2dReference, outputSize, type Conv2dReference } from "./reference";

interface Case {
  readonly rule: string;
  readonly input: readonly [number, number, number, number];
  readonly outputs: number;
  readonly kernel?: readonly [number, number];
  readonly stride?: number;
  readonly padding?: Padding;
  readonly upsample?: 1 | 2;
  readonly bias?: boolean;
  readonly channelBias?: boolean;
  readonly residual?: boolean;
  readonly activation?: Activation;
  readonly finalActivation?: Activation;
  readonly target?: Partial<KernelTarget>;
  readonly formats?: Formats;
}

const same: Padding = { top: 1, left: 1, bottom: 1, right: 1 };
const none: Padding = { top: 0, left: 0, bottom: 0, right: 0 };
const HARDWARE = { traits: TRAITS.hardware } as const;

/** Lines of padding at the ends of strips: of the first, of others, and of the last. */
const STRIPS = [
  { top: 1, bottom: 0 },
  { top: 0, bottom: 0 },
  { top: -1, bottom: 0 },
  { top: 0, bottom: 1 },
  { top: -1, bottom: 1 },
] as const;

const CASES: readonly Case[] = [
  { rule: "3x3 on one tile", input: [1, 4, 8, 16], outputs: 32, padding: same },
  { rule: "odd sizes, batch, bias", input: [2, 7, 5, 6], outputs: 9, padding: same, bias: true, formats: "all" },
  { rule: "one channel in, one out, one pixel", input: [1, 1, 1, 1], outputs: 1, padding: same, bias: true },
  { rule: "three channels out", input: [2, 9, 7, 12], outputs: 3, padding: same, bias: true },
  { rule: "more channels than a slice", input: [1, 5, 6, 37], outputs: 12, padding: same },
  { rule: "stride 2 with padding at the far sides", input: [1, 9, 8, 8], outputs: 8, stride: 2, padding: { ...none, bottom: 1, right: 1 } },
  { rule: "strided 1x1", input: [1, 6, 7, 20], outputs: 12, kernel: [1, 1], stride: 2, padding: none },
  { rule: "patches", input: [2, 8, 8, 3], outputs: 24, kernel: [4, 4], stride: 4, padding: none, bias: true },
  { rule: "a kernel that is not square", input: [1, 6, 9, 5], outputs: 8, kernel: [1, 5], padding: { ...none, left: 2, right: 2 } },
  { rule: "x read as upsampled", input: [1, 5, 4, 12], outputs: 16, upsample: 2, padding: same, bias: true },
  {
    rule: "epilogue in order: biases, activation, residual, last activation",
    input: [2, 5, 6, 8],
    outputs: 12,
    padding: same,
    bias: true,
    channelBias: true,
    residual: true,
    activation: "silu",
    finalActivation: "relu",
    formats: "unpacked",
  },
  {
    rule: "split reduction with channel bias",
    input: [2, 4, 4, 64],
    outputs: 20,
    padding: same,
    bias: true,
    channelBias: true,
    residual: true,
    activation: "relu",
    target: HARDWARE,
    formats: "unpacked",
  },
  { rule: "medium tile", input: [1, 9, 9, 4], outputs: 40, padding: same, target: HARDWARE },
  { rule: "narrow tile", input: [1, 17, 16, 24], outputs: 3, padding: same, bias: true, target: HARDWARE },
  {
    rule: "bands with halo",
    input: [2, 16, 12, 8],
    outputs: 12,
    padding: same,
    residual: true,
    channelBias: true,
    target: { bindingBytes: 4096 },
  },
  { rule: "bands of an upsampled image", input: [2, 8, 6, 8], outputs: 8, upsample: 2, padding: same, target: { bindingBytes: 4096 } },
  { rule: "four phases", input: [1, 6, 7, 12], outputs: 16, upsample: 2, padding: same, bias: true, target: HARDWARE, formats: "unpacked" },
  {
    rule: "four phases of two images in parts, channels that fill no quad, and the epilogue in order",
    input: [2, 7, 5, 70],
    outputs: 21,
    upsample: 2,
    padding: same,
    bias: true,
    channelBias: true,
    residual: true,
    activation: "silu",
    finalActivation: "relu",
    target: HARDWARE,
    formats: "unpacked",
  },
  { rule: "four phases of one pixel", input: [1, 1, 1, 4], outputs: 4, upsample: 2, padding: same, target: HARDWARE },
  { rule: "four phases of few columns", input: [1, 9, 16, 24], outputs: 3, upsample: 2, padding: same, bias: true, target: HARDWARE },
  ...STRIPS.map((ends): Case => ({
    rule: `four phases of a strip, padded by ${ends.top} and ${ends.bottom}`,
    input: [1, 9, 6, 12],
    outputs: 8,
    upsample: 2,
    padding: { ...same, ...ends },
    residual: true,
    target: HARDWARE,
  })),
  {
    rule: "bands of four phases",
    input: [2, 12, 10, 8],
    outputs: 12,
    upsample: 2,
    padding: same,
    residual: true,
    channelBias: true,
    target: { bindingBytes: 16_384, ...HARDWARE },
  },
  {
    rule: "bands of four phases of a strip",
    input: [1, 15, 10, 8],
    outputs: 12,
    upsample: 2,
    padding: { ...same, top: 0 },
    residual: true,
    target: { bindingBytes: 16_384, ...HARDWARE },
  },
  {
    rule: "bands with stride",
    input: [1, 32, 16, 8],
    outputs: 16,
    stride: 2,
    padding: { ...none, bottom: 1, right: 1 },
    target: { bindingBytes: 4096 },
  },
];

describe("conv2d equals the direct sum over taps and channels", () => {
  describe.each(FORMATS)("$name", (variant) => {
    const { format, target } = variant;
    it.each(casesIn(variant, CASES))(
      "$rule",
      async (c) => {
        const p = parametersOf(c);
        const { y } = await evaluate(build(p), dataOf(p), { format, target: { ...c.target, ...target } });
        expectClose(y ?? [], conv2dReference(p), tolerance(p, variant));
      },
      COMPILE_TIMEOUT_MS,
    );
  });

  it("sees a shift by one pixel (control)", async () => {
    const p = parametersOf({ rule: "control", input: [1, 4, 4, 4], outputs: 4, padding: same });
    const { y } = await evaluate(build(p), dataOf(p));
    const shifted = conv2dReference({ ...p, padding: { top: 0, left: 1, bottom: 2, right: 1 } });
    expect(() => expectClose(y ?? [], shifted, 0.1)).toThrow(/relative error/);
  });

  it("has four taps instead of nine where an image is upsampled on a GPU", () => {
    const p = parametersOf({ rule: "", input: [1, 8, 4, 4], outputs: 4, upsample: 2, padding: same });
    const tapsOf = (parameters: Conv2dReference, traits: KernelTraits) => {
      const builder = new GraphBuilder();
      build(parameters)(builder);
      const { dispatches } = stageGraph(builder.build(), { ...LEAST_LIMITS, format: "f16", half: true, traits });
      return dispatches.map(({ kernel }) => kernel.sizes["taps"]);
    };
    for (const traits of [TRAITS.hardware, TRAITS.hardwareWithFewRegisters]) expect(tapsOf(p, traits)).toEqual([4]);
    expect(tapsOf(p, TRAITS.software)).toEqual([9]);
    expect(tapsOf({ ...p, upsample: 1 }, TRAITS.hardware)).toEqual([9]);
    expect(() => tapsOf({ ...p, padding: none }, TRAITS.hardware)).toThrow(/convolved 3x3/);
  });

  it("refuses an image line larger than a binding", async () => {
    const p = parametersOf({ rule: "", input: [1, 4, 64, 16], outputs: 8, padding: same });
    await expect(evaluate(build(p), dataOf(p), { target: { bindingBytes: 4096 } })).rejects.toMatchObject({ code: "gpu-unsupported" });
  });
});

function tolerance(p: Conv2dReference, format: Pick<Format, "format" | "target">): number {
  return sumTolerance(p.kernel[0] * p.kernel[1] * p.input[3], format);
}

function parametersOf(c: Case): Conv2dReference {
  const { input, outputs } = c;
  const kernel = c.kernel ?? ([3, 3] as const);
  const geometry = {
    input,
    outputs,
    kernel,
    stride: c.stride ?? 1,
    padding: c.padding ?? none,
    upsample: c.upsample ?? (1 as const),
    activation: c.activation ?? ("none" as const),
    finalActivation: c.finalActivation ?? ("none" as const),
    x: random(input[0] * input[1] * input[2] * input[3], 1),
    weight: random(outputs * input[3] * kernel[0] * kernel[1], 2),
    ...(c.bias ? { bias: random(outputs, 3) } : {}),
    ...(c.channelBias ? { channelBias: random(input[0] * outputs, 4) } : {}),
  };
  const [height, width] = outputSize(geometry);
  return { ...geometry, ...(c.residual ? { residual: random(input[0] * height * width * outputs, 5) } : {}) };
}

function dataOf(p: Conv2dReference) {
  return {
    inputs: {
      x: p.x,
      ...(p.channelBias ? { channelBias: p.channelBias } : {}),
      ...(p.residual ? { residual: p.residual } : {}),
    },
    weights: { "w.weight": p.weight, ...(p.bias ? { "w.bias": p.bias } : {}) },
  };
}

function build(p: Conv2dReference): (g: GraphBuilder) => void {
  return (g) => {
    const [batch, , , channels] = p.input;
    const shape = [batch, ...outputSize(p), p.outputs];
    const x = g.input("x", p.input, "run");
    const channelBias = p.channelBias ? { channelBias: g.input("channelBias", [batch, p.outputs], "run") } : {};
    const residual = p.residual ? { residual: g.input("residual", shape, "run") } : {};
    const bias = p.bias ? { bias: { keys: ["w.bias"], shapes: [[p.outputs]], layout: "vector" } as const } : {};
    const weight = { keys: ["w.weight"], shapes: [[p.outputs, channels, ...p.kernel]], layout: "convolution" } as const;
    const { kernel, stride, padding, upsample, activation, finalActivation } = p;
    const y = g.add(
      {
        kind: "conv2d",
        inputs: { x, ...channelBias, ...residual },
        weights: { weight, ...bias },
        kernel,
        stride,
        padding,
        channelBiasBegin: 0,
        upsample,
        activation,
        finalActivation,
      },
      shape,
    );
    g.output("y", y);
  };
}
