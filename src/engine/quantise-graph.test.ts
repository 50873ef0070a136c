// Which weights of published networks are quantised, and what all of them take in GPU memory, by the rule in the head of
// quantise-graph.ts.
import { describe, expect, test } from "vitest";
import { WEIGHT_FORMATS } from "../common/weight-format";
import { fuseGraph } from "./fuse";
import { GraphBuilder } from "./graph-builder";
import { weightsOf } from "./ops";
import { quantiseGraph } from "./quantise-graph";
import { packedBytes, weightBytes } from "./weight-layout";

/** Keys of the weights that are not float16. */
function quantisedKeys(build: (g: GraphBuilder) => void): readonly string[] {
  const g = new GraphBuilder();
  build(g);
  const { nodes } = quantiseGraph(fuseGraph(g.build()), "q8");
  return nodes.flatMap(({ op }) => weightsOf(op).flatMap(({ keys, format }) => (format === undefined ? [] : keys)));
}

test("products over tokens and convolutions between the first and the last are quantised, with nothing beside them", () => {
  const keys = quantisedKeys((g) => {
    let x = g.conv2d(g.input("x", [1, 8, 8, 4], "run"), "conv_in", { outputs: 64 });
    const time = g.linear(g.input("time", [1, 64], "timestep"), "time", { outputs: 64 });
    x = g.groupNorm(g.addTensors(g.conv2d(x, "conv", { outputs: 64 }), time), "norm", { groups: 32, epsilon: 1e-5 });
    const tokens = g.reshape(x, [1, 64, 64]);
    const project = (name: string) => g.linear(tokens, name, { outputs: 64 });
    const attended = g.attention(project("q"), project("k"), project("v"), { heads: 1, headSize: 64 });
    x = g.conv2d(g.reshape(attended, [1, 8, 8, 64]), "point", { outputs: 64, kernel: 1 });
    g.output("y", g.conv2d(x, "conv_out", { outputs: 4 }));
    g.output("words", g.embedding(g.input("ids", [1, 8], "prompt", "u32"), { key: "table", shape: [64, 64] }));
  });
  expect(keys.toSorted()).toEqual(["conv.weight", "k.weight", "point.weight", "q.weight", "v.weight"]);
});

test.each([
  { inputs: 64, outputs: 32, isQuantised: true },
  { inputs: 48, outputs: 32, isQuantised: false },
  { inputs: 64, outputs: 28, isQuantised: false },
])("$inputs inputs and $outputs outputs: $isQuantised", ({ inputs, outputs, isQuantised }) => {
  const keys = quantisedKeys((g) => g.output("y", g.linear(g.input("x", [1, 5, inputs], "run"), "w", { outputs })));
  expect(keys).toEqual(isQuantised ? ["w.weight"] : []);
});

describe("bytes in GPU memory", () => {
  test.each([
    // SDXL's largest linear: two bytes; one and a sixteenth; half, and an eighth for scales and minima.
    { shape: [10_240, 1280], layout: "matrix", f16: 26_214_400, q8: 13_926_400, q4: 8_192_000 },
    { shape: [320, 640, 3, 3], layout: "convolution", f16: 3_686_400, q8: 1_958_400, q4: 1_152_000 },
    // Outputs are padded to whole quads.
    { shape: [33, 64], layout: "matrix", f16: 4608, q8: 2304 + 144, q4: 1280 + 288 },
  ] as const)("of $shape", ({ shape, layout, ...expected }) => {
    for (const format of WEIGHT_FORMATS) expect(weightBytes(shape, layout, format), format).toBe(expected[format]);
  });

  test("parts of one weight stand side by side", () => {
    const shapes = [
      [8, 32],
      [4, 32],
    ];
    expect(packedBytes({ keys: ["a", "b"], shapes, layout: "matrix", format: "q8" })).toBe(weightBytes([12, 32], "matrix", "q8"));
  });
});
