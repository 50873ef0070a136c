// A whole UNet with quantised weights is bit by bit the one with the float16 weights that the blocks stand for: nothing but the loads of
// weights differs. The weights are whole numbers times powers of two, which blocks and float16 both hold exactly.
import { expect, test } from "vitest";
import { FIXTURES, goldenJson } from "../checkpoints/testing/fixtures";
import { GraphBuilder } from "../engine/graph-builder";
import { packSteering } from "../engine/steering-input";
import { product } from "../engine/tensor";
import { compare, evaluate, random } from "../engine/testing/evaluate";
import { checkpointTensors } from "../engine/weights";
import { unet2dCondition } from "./unet-2d-condition";
import { parseUnetConfig } from "./unet-config";

const config = parseUnetConfig(goldenJson(`${FIXTURES}/unet-sdxs/config.json`));
const SHAPE = { batch: 1, height: 8, width: 8, textTokens: 7, steering: "nasa" } as const;
const build = (g: GraphBuilder) => g.output("y", unet2dCondition(g, config, SHAPE));

const STEPS = { q8: { least: -127, most: 127 }, q4: { least: -8, most: 7 } } as const;

/** Whole numbers that reach both ends in every block of inputs, times a power of two that keeps sums near one. */
function onSteps({ least, most }: { readonly least: number; readonly most: number }): Record<string, Float32Array> {
  const g = new GraphBuilder();
  build(g);
  const weights: Record<string, Float32Array> = {};
  for (const [name, shape] of checkpointTensors(g.build())) {
    const [outputs = 1, inputs = 1, ...taps] = shape;
    const tapCount = product(taps);
    const scale = 2 ** -Math.ceil(Math.log2(((most - least) / 3) * Math.sqrt(inputs * tapCount)));
    const noise = random(product(shape), outputs + inputs);
    weights[name] = noise.map((value, i) => {
      if (shape.length === 1) return name.includes("norm") && name.endsWith("weight") ? 1 : value / 16;
      const place = Math.floor(i / tapCount) % 32;
      const whole = place === 3 ? least : place === 20 ? most : Math.round(Math.min(most, Math.max(least, (value * (most - least)) / 4)));
      return whole * scale;
    });
  }
  return weights;
}

function inputs(): Record<string, Float32Array> {
  const { inChannels, textChannels, timeFeatures } = config;
  return {
    sample: random(64 * inChannels, 1),
    timestep: random(timeFeatures.dimension, 2),
    text: random(7 * textChannels, 3),
    negative_text: random(7 * textChannels, 4),
    steering: packSteering({ positive: { tokens: 7 }, negative: { tokens: 5 } }, { method: "nasa", scale: 0.5, sigmaEnd: 0 }, 7),
  };
}

test.each(["q8", "q4"] as const)(
  "%s is float16 with the same weights, bit by bit",
  async (format) => {
    const data = { inputs: inputs(), weights: onSteps(STEPS[format]) };
    const options = { format: "f32", fuse: true } as const;
    const halves = await evaluate(build, data, options);
    const quantised = await evaluate(build, data, { ...options, weights: format });
    expect(quantised).toEqual(halves);
    // Control: weights between the steps are other weights.
    const between = {
      ...data,
      weights: Object.fromEntries(
        Object.entries(data.weights).map(([name, values], i) => [name, values.map((value, j) => value + Math.sin(i + j) / 4096)]),
      ),
    };
    const [exact, rounded] = [await evaluate(build, between, options), await evaluate(build, between, { ...options, weights: format })];
    expect(compare(rounded["y"] ?? [], exact["y"] ?? []).relative).toBeGreaterThan(0);
  },
  600_000,
);
