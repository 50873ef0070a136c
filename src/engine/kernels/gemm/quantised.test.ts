// Products and convolutions with quantised weights equal the float64 product with the weights that the blocks stand for, in the bounds of
// float16 weights: tile loads dequantise exactly (q8) or with one rounding of float32 (q4), and all else is the same.
import { describe, expect, it } from "vitest";
import { blockShape, dequantise, quantise } from "../../../common/blocks";
import { WEIGHT_FORMATS, type QuantisedFormat } from "../../../common/weight-format";
import type { GraphBuilder } from "../../graph-builder";
import type { KernelTarget } from "../../kernel";
import type { Shape } from "../../tensor";
import { compare, evaluate, expectClose, random, type EvaluateData } from "../../testing/evaluate";
import { TRAITS } from "../../traits";
import { conv2dReference } from "../conv2d/reference";
import { linearReference } from "../linear/reference";
import { casesIn, COMPILE_TIMEOUT_MS, FORMATS, sumTolerance, type Formats } from "./testing/formats";

const QUANTISED = WEIGHT_FORMATS.filter((format) => format !== "f16");
const HARDWARE = { traits: TRAITS.hardware } as const;

interface Case {
  readonly rule: string;
  readonly target?: Partial<KernelTarget>;
  readonly formats?: Formats;
  readonly weight: Shape;
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly build: (g: GraphBuilder) => void;
  /** @param weight what the blocks stand for */
  readonly reference: (data: EvaluateData["inputs"], weight: Float32Array) => Float64Array;
}

/** x `[1, rows, k]` (or two of them side by side) times W `[columns, k]`. */
function linear(rows: number, sources: readonly number[], columns: number): Pick<Case, "weight" | "inputs" | "build" | "reference"> {
  const [k = 0, second] = sources;
  return {
    weight: [columns, sources.reduce((sum, each) => sum + each, 0)],
    inputs: { x: [1, rows, k], ...(second === undefined ? {} : { second: [1, rows, second] }) },
    build: (g) => {
      const x = g.input("x", [1, rows, k], "run");
      const joined = second === undefined ? x : g.concatChannels(x, g.input("second", [1, rows, second], "run"));
      g.output("y", g.linear(joined, "w", { outputs: columns, bias: false }));
    },
    reference: (data, weight) =>
      linearReference({
        rows,
        columns,
        sources: sources.map((channels, index) => ({ values: Float32Array.from(data[index === 0 ? "x" : "second"] ?? []), channels })),
        weight,
        activation: "none",
        gated: false,
      }),
  };
}

/** x `[1, rows, k]`, half of whose products gate the other half, as in a transformer's feed-forward layer. */
function gated(rows: number, k: number, columns: number): Pick<Case, "weight" | "inputs" | "build" | "reference"> {
  return {
    ...linear(rows, [k], 2 * columns),
    build: (g) => {
      const both = g.linear(g.input("x", [1, rows, k], "run"), "w", { outputs: 2 * columns, bias: false });
      g.output("y", g.gatedActivation(both, "gelu", { gateFirst: false }));
    },
    reference: ({ x = [] }, weight) =>
      linearReference({
        rows,
        columns,
        sources: [{ values: Float32Array.from(x), channels: k }],
        weight,
        activation: "gelu",
        gated: true,
      }),
  };
}

/** @param upsample the image is convolved at so many times its size */
function conv2d(
  side: number,
  k: number,
  columns: number,
  { stride = 1, upsample = 1 }: { readonly stride?: number; readonly upsample?: 1 | 2 } = {},
): Pick<Case, "weight" | "inputs" | "build" | "reference"> {
  const input = [2, side, side, k] as const;
  return {
    weight: [columns, k, 3, 3],
    inputs: { x: input },
    build: (g) => {
      const x = g.input("x", input, "run");
      const image = upsample === 1 ? x : g.resizeNearest(x, upsample * side, upsample * side);
      g.output("y", g.conv2d(image, "w", { outputs: columns, stride, bias: false }));
    },
    reference: ({ x = [] }, weight) =>
      conv2dReference({
        input,
        outputs: columns,
        kernel: [3, 3],
        stride,
        padding: { top: 1, left: 1, bottom: 1, right: 1 },
        upsample,
        x: Float32Array.from(x),
        weight,
        activation: "none",
        finalActivation: "none",
      }),
  };
}

const CASES: readonly Case[] = [
  { rule: "linear, tails of rows and columns", ...linear(21, [96], 45), formats: "all" },
  { rule: "linear, one row", ...linear(1, [64], 32) },
  { rule: "linear of two sources, whose border is within a block", ...linear(35, [44, 20], 36) },
  { rule: "linear of two sources in tiles, reduction split", ...linear(35, [140, 180], 36), target: HARDWARE },
  { rule: "linear, gated", ...gated(33, 64, 40) },
  { rule: "linear, gated, in wide tiles", ...gated(40, 64, 44), target: HARDWARE, formats: "unpacked" },
  { rule: "linear in medium tiles", ...linear(70, [64], 70), target: HARDWARE },
  { rule: "convolution", ...conv2d(7, 32, 34) },
  { rule: "convolution of stride two in tiles, reduction split", ...conv2d(9, 64, 40, { stride: 2 }), target: HARDWARE },
  { rule: "convolution of an upsampled image in tiles", ...conv2d(6, 64, 40, { upsample: 2 }), target: HARDWARE },
];

describe.each(QUANTISED)("with weights in %s", (weights) => {
  describe.each(FORMATS)("and activations in $name", (variant) => {
    const { format, target } = variant;
    it.each(casesIn(variant, CASES))(
      "$rule",
      async (c) => {
        const { data, restored } = dataOf(c, weights);
        const { y } = await evaluate(c.build, data, { format, fuse: true, weights, target: { ...c.target, ...target } });
        expectClose(y ?? [], c.reference(data.inputs, restored), sumTolerance(restored.length / (c.weight[0] ?? 1), variant));
      },
      COMPILE_TIMEOUT_MS,
    );
  });

  it("scales below the normal float16 are not lost", async () => {
    const c: Case = { rule: "small", ...linear(8, [32], 32) };
    const { data, restored } = dataOf(c, weights, 2 ** -12);
    const { y } = await evaluate(c.build, data, { fuse: true, weights });
    expectClose(y ?? [], c.reference(data.inputs, restored), sumTolerance(32, { format: "f32" }));
  });

  it("is not what the weights were before (control)", () => {
    const { data, restored } = dataOf(CASES[0] ?? never(), weights);
    const { relative } = compare(restored, data.weights?.["w.weight"] ?? []);
    expect(relative).toBeGreaterThan(weights === "q8" ? 1e-3 : 1e-2);
  });
});

function never(): never {
  throw new Error("there is a case");
}

function dataOf({ inputs, weight }: Case, format: QuantisedFormat, scale = 1) {
  const shape = blockShape(weight);
  const values = random(
    weight.reduce((size, axis) => size * axis, 1),
    9,
  ).map((value) => value * scale);
  const arrays = Object.entries(inputs).map(
    ([name, axes], index) =>
      [
        name,
        random(
          axes.reduce((size, axis) => size * axis, 1),
          index,
        ),
      ] as const,
  );
  const data = { inputs: Object.fromEntries(arrays), weights: { "w.weight": values } };
  return { data, restored: dequantise(quantise(values, shape, format), shape) };
}
