import { describe, expect, it } from "vitest";
import { activate } from "../../activations";
import type { Activation } from "../../ops";
import { compare, evaluate, expectClose, random } from "../../testing/evaluate";
import { VARIANTS } from "../../testing/variants";
import { at, binaryReference, elementwise, gatedActivationReference, gatedAddReference } from "./reference";

const SHAPES = [
  { batch: 1, tokens: 7, channels: 16, bindingBytes: undefined },
  { batch: 3, tokens: 5, channels: 10, bindingBytes: undefined },
  { batch: 2, tokens: 33, channels: 3, bindingBytes: undefined },
  { batch: 3, tokens: 37, channels: 22, bindingBytes: 6144 },
] as const;

// f32: two or three roundings of 2^-24. f16: inputs are exact, so one rounding of the result, 2^-11 at most.
const TOLERANCE = { f32: 2 ** -22, f16: 2 ** -11 };

describe("elementwise operations follow their float64 references", () => {
  for (const variant of VARIANTS) {
    const { format, target } = variant;
    it.each(SHAPES)(
      `[$batch, $tokens, $channels], bindings $bindingBytes (${variant.variant})`,
      async ({ batch, tokens, channels, bindingBytes }) => {
        const shape = [batch, tokens, channels];
        const rows = batch * tokens;
        const [x, b, noise] = [random(rows * channels, 1), random(rows * channels, 2), random(rows * channels, 3)];
        const wide = random(rows * 2 * channels, 4);
        const item = random(batch * channels, 5);
        const modulation = random(batch * 6 * channels, 6);
        const coefficients = random(8, 7);
        const [scale, table] = [random(channels, 8), random(tokens * channels, 9)];
        const outputs = await evaluate(
          (g) => {
            const tensors = {
              x: g.input("x", shape, "run"),
              b: g.input("b", shape, "run"),
              item: g.input("item", [batch, channels], "run"),
            };
            const chunks = g.input("modulation", [batch, 6 * channels], "run");
            g.output("add", g.addTensors(tensors.x, tensors.b));
            g.output("add item", g.addTensors(tensors.x, tensors.item));
            g.output("multiply", g.multiply(tensors.x, tensors.b));
            g.output("scale channels", g.scaleChannels(tensors.x, "scale"));
            g.output("scale channels, residual", g.scaleChannels(tensors.x, "scale", tensors.b));
            g.output("scale and shift", g.scaleShift(tensors.x, 0.18215, -1.5));
            g.output("gated add", g.gatedAdd(tensors.x, tensors.b, chunks, 4));
            g.output("gate first", g.gatedActivation(g.input("wide", [batch, tokens, 2 * channels], "run"), "relu", { gateFirst: true }));
            g.output("add table", g.addTable(tensors.x, "table", [1, tokens, channels]));
            g.output("table tokens", g.tableTokens(tensors.item, "tokens", [tokens, channels]));
            const steps = g.input("coefficients", [1, 8], "timestep", "f32");
            const latent = g.input("noise", shape, "run", "f32");
            g.output("combine", g.combine(latent, steps, 1, { b: tensors.x, noise: latent }));
            g.output("combine one", g.combine(latent, steps, 0, { element: "activation" }));
          },
          { inputs: { x, b, item, wide, modulation, coefficients, noise }, weights: { scale, table, tokens: table } },
          { format, target: { ...target, ...(bindingBytes ? { bindingBytes } : {}) } },
        );
        const each = (of: (i: number, row: number, channel: number) => number) =>
          elementwise(rows, channels, (row, channel) => of(row * channels + channel, row, channel));
        const expected = {
          add: binaryReference("add", x, b, rows, channels, 1),
          "add item": binaryReference("add", x, item, rows, channels, tokens),
          multiply: binaryReference("multiply", x, b, rows, channels, 1),
          "scale channels": each((i, _, channel) => at(x, i) * at(scale, channel)),
          "scale channels, residual": each((i, _, channel) => at(b, i) + at(x, i) * at(scale, channel)),
          "scale and shift": each((i) => at(x, i) * 0.18215 - 1.5),
          "gated add": gatedAddReference(x, b, modulation, rows, channels, tokens, 6, 4),
          "gate first": gatedActivationReference(wide, rows, channels, "relu", true),
          "add table": each((i, row, channel) => at(x, i) + at(table, (row % tokens) * channels + channel)),
          "table tokens": each(
            (_, row, channel) => at(table, (row % tokens) * channels + channel) + at(item, Math.floor(row / tokens) * channels + channel),
          ),
          combine: each((i) => at(coefficients, 4) * at(noise, i) + at(coefficients, 5) * at(x, i) + at(coefficients, 6) * at(noise, i)),
          "combine one": each((i) => at(coefficients, 0) * at(noise, i)),
        };
        for (const [name, values] of Object.entries(expected)) {
          // A float32 result of float16-exact inputs is never rounded to float16.
          expectClose(outputs[name] ?? [], values, name === "combine" ? TOLERANCE.f32 : TOLERANCE[format]);
        }
      },
    );
  }
});

describe("activations follow their float64 references over [-12, 12]", () => {
  const ACTIVATIONS: readonly Activation[] = ["none", "relu", "silu", "gelu", "gelu-tanh", "quick-gelu", "soft-clamp"];
  it.each(["f32", "f16"] as const)("%s", async (format) => {
    const x = random(600, 1).map((value) => Math.min(12, Math.max(-12, value * 4)));
    const outputs = await evaluate(
      (g) => {
        const input = g.input("x", [1, 50, 12], "run");
        for (const activation of ACTIVATIONS) {
          g.output(activation, g.activate(input, activation));
          g.output(`gated ${activation}`, g.gatedActivation(g.reshape(input, [1, 50, 12]), activation, { gateFirst: false }));
        }
      },
      { inputs: { x } },
      { format },
    );
    for (const activation of ACTIVATIONS) {
      // exp and tanh of the driver are good to about 2^-20 of the result.
      const tolerance = format === "f16" ? 2 ** -11 : 2 ** -19;
      expectClose(
        outputs[activation] ?? [],
        Float64Array.from(x, (value) => activate(activation, value)),
        tolerance,
      );
      expectClose(outputs[`gated ${activation}`] ?? [], gatedActivationReference(x, 50, 6, activation, false), tolerance);
    }
  });
});

describe("control: the comparison sees a wrong result", () => {
  it("fails with the wrong chunk", () => {
    const [x, b, modulation] = [random(40, 1), random(40, 2), random(60, 3)];
    const [right, wrong] = [0, 1].map((chunk) => gatedAddReference(x, b, modulation, 4, 10, 2, 3, chunk));
    expect(compare(wrong ?? [], right ?? []).relative).toBeGreaterThan(0.1);
  });
});
