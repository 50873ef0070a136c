import { describe, expect, it } from "vitest";
import type { GraphBuilder } from "../../graph-builder";
import type { KernelTarget } from "../../kernel";
import type { Activation } from "../../ops";
import type { Weight } from "../../weight-layout";
import { evaluate, expectClose, random } from "../../testing/evaluate";
import { TRAITS } from "../../traits";
import { casesIn, COMPILE_TIMEOUT_MS, FORMATS, sumTolerance, type Format, type Formats } from "../gemm/testing/formats";
import { linearReference } from "./reference";

interface Case {
  readonly rule: string;
  readonly shape: readonly [batch: number, rows: number];
  readonly k: number;
  readonly n: number;
  readonly secondK?: number;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: Activation;
  readonly gated?: boolean;
  readonly target?: Partial<KernelTarget>;
  readonly formats?: Formats;
}

const HARDWARE = { traits: TRAITS.hardware } as const;

const CASES: readonly Case[] = [
  { rule: "one tile, nothing fused", shape: [1, 32], k: 16, n: 32 },
  { rule: "tails on every axis", shape: [2, 21], k: 37, n: 45, bias: true, formats: "all" },
  { rule: "one row, one column", shape: [1, 1], k: 3, n: 1, bias: true },
  { rule: "activation before residual", shape: [1, 40], k: 24, n: 20, bias: true, residual: true, activation: "silu" },
  { rule: "two sources side by side", shape: [1, 35], k: 20, secondK: 9, n: 36, residual: true },
  { rule: "gated by GELU", shape: [1, 33], k: 28, n: 40, bias: true, gated: true, activation: "gelu", formats: "unpacked" },
  { rule: "large tile's tails", shape: [1, 1030], k: 20, n: 1900, target: HARDWARE },
  { rule: "medium tile, reduction in one part", shape: [1, 70], k: 20, n: 70, bias: true, target: HARDWARE, formats: "unpacked" },
  {
    rule: "reduction split in parts of unequal length",
    shape: [1, 40],
    k: 700,
    n: 36,
    bias: true,
    residual: true,
    activation: "relu",
    target: HARDWARE,
    formats: "unpacked",
  },
  { rule: "split over two sources", shape: [1, 40], k: 260, secondK: 300, n: 36, target: HARDWARE },
  { rule: "narrow tile", shape: [1, 300], k: 50, n: 3, bias: true, target: HARDWARE },
  { rule: "wide gated tile", shape: [1, 40], k: 50, n: 44, bias: true, residual: true, gated: true, activation: "silu", target: HARDWARE },
  { rule: "bands of rows", shape: [2, 150], k: 20, n: 36, bias: true, residual: true, target: { bindingBytes: 8192 } },
  { rule: "bands with a split reduction", shape: [1, 150], k: 600, n: 8, residual: true, target: { ...HARDWARE, bindingBytes: 200_000 } },
];

describe("linear equals act(x W + b) + residual", () => {
  describe.each(FORMATS)("$name", (variant) => {
    const { format, target } = variant;
    it.each(casesIn(variant, CASES))(
      "$rule",
      async (c) => {
        const data = dataOf(c);
        const { y } = await evaluate(build(c), data, { format, target: { ...c.target, ...target } });
        expectClose(y ?? [], expected(c, data), tolerance(c, variant));
      },
      COMPILE_TIMEOUT_MS,
    );
  });

  it("meets a wrong expectation with a failure (control)", async () => {
    const c: Case = { rule: "control", shape: [1, 8], k: 8, n: 8 };
    const data = dataOf(c);
    const { y } = await evaluate(build(c), data);
    const wrong = expected(c, data).map((value, index) => (index === 5 ? value + 0.1 : value));
    expect(() => expectClose(y ?? [], wrong, tolerance(c, { format: "f32" }))).toThrow(/\[5\]/);
  });

  it("refuses rows larger than a binding", async () => {
    const c: Case = { rule: "", shape: [1, 8], k: 8, n: 80, target: { bindingBytes: 128 } };
    await expect(evaluate(build(c), dataOf(c), { target: c.target ?? {} })).rejects.toMatchObject({ code: "gpu-unsupported" });
  });
});

function tolerance({ k, secondK = 0 }: Case, format: Pick<Format, "format" | "target">): number {
  return sumTolerance(k + secondK, format);
}

interface Data {
  readonly inputs: Record<string, Float32Array>;
  readonly weights: Record<string, Float32Array>;
}

function dataOf(c: Case): Data {
  const rows = c.shape[0] * c.shape[1];
  const k = c.k + (c.secondK ?? 0);
  const columns = c.gated ? 2 * c.n : c.n;
  return {
    inputs: {
      x: random(rows * c.k, 1),
      ...(c.secondK ? { second: random(rows * c.secondK, 2) } : {}),
      ...(c.residual ? { residual: random(rows * c.n, 3) } : {}),
    },
    weights: { "w.weight": random(columns * k, 4), ...(c.bias ? { "w.bias": random(columns, 5) } : {}) },
  };
}

function build(c: Case): (g: GraphBuilder) => void {
  return (g) => {
    const columns = c.gated ? 2 * c.n : c.n;
    const interleaved = c.gated ? ({ interleaved: true } as const) : {};
    const weight: Weight = { keys: ["w.weight"], shapes: [[columns, c.k + (c.secondK ?? 0)]], layout: "matrix", ...interleaved };
    const bias: Weight = { keys: ["w.bias"], shapes: [[columns]], layout: "vector", ...interleaved };
    const x = g.input("x", [...c.shape, c.k], "run");
    const second = c.secondK ? { second: g.input("second", [...c.shape, c.secondK], "run") } : {};
    const residual = c.residual ? { residual: g.input("residual", [...c.shape, c.n], "run") } : {};
    const y = g.add(
      {
        kind: "linear",
        inputs: { x, ...second, ...residual },
        weights: { weight, ...(c.bias ? { bias } : {}) },
        activation: c.activation ?? "none",
        gated: c.gated ?? false,
      },
      [...c.shape, c.n],
    );
    g.output("y", y);
  };
}

function expected(c: Case, { inputs, weights }: Data): Float64Array {
  const empty = new Float32Array();
  return linearReference({
    rows: c.shape[0] * c.shape[1],
    columns: c.n,
    sources: [
      { values: inputs["x"] ?? empty, channels: c.k },
      ...(c.secondK ? [{ values: inputs["second"] ?? empty, channels: c.secondK }] : []),
    ],
    weight: weights["w.weight"] ?? empty,
    bias: weights["w.bias"],
    residual: inputs["residual"],
    activation: c.activation ?? "none",
    gated: c.gated ?? false,
  });
}
