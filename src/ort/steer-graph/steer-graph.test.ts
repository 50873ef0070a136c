// A steered graph computes the published equations, in whatever form its attention was exported, and
// shares its weights. A graph that cannot be steered is refused.
import { describe, expect, it } from "vitest";
import type { Nag, Nasa, Vsf } from "../../common/steering";
import { nag, nasa, vsf } from "../../steering/reference";
import { encodeModel, valueInfo } from "../onnx-graph/encode";
import { ELEMENT_TYPES, type OnnxModel } from "../onnx-graph/model";
import { nodeRuntime } from "../session/load-node";
import { OrtSession } from "../session/session";
import { tensorFrom, valuesOf } from "../session/tensors";
import {
  attend,
  seenBy,
  attentionModel,
  CHANNELS,
  crossAttention,
  FORMS,
  GraphWriter,
  numbers,
  TEXT_CHANNELS,
  type Form,
} from "../testing/attention-model";
import { negativeOf, steerGraph, steeringScalars, TEXT_INPUT, TOKEN_INPUTS } from ".";

const PIXELS = 5;
const sample = numbers(PIXELS * CHANNELS, 10);
const text = numbers(4 * TEXT_CHANNELS, 11);
/** Fewer tokens than the text, because each side has its own count. */
const negative = numbers(3 * TEXT_CHANNELS, 12);
const runtime = await nodeRuntime();

const STRONG_NAG: Nag = { method: "nag", scale: 4, tau: 1.2, alpha: 0.25 };
const VSF: Vsf = { method: "vsf", scale: 1.5, offset: 0.4 };
const NASA: Nasa = { method: "nasa", scale: 0.3 };

/** A text with what each of its tokens' values counts, and what is added to their scores. */
interface Weighed {
  readonly text: Float32Array;
  readonly factors?: readonly number[];
  readonly added?: readonly number[];
}

async function run(model: OnnxModel, steering?: Nasa | Nag, negativeText = negative): Promise<Float32Array> {
  return runWeighed(model, steering, { text }, { text: negativeText });
}

async function runWeighed(
  model: OnnxModel,
  steering: Nasa | Nag | undefined,
  positive: Weighed,
  other: Weighed = positive,
): Promise<Float32Array> {
  const session = await OrtSession.open(runtime, async () => ({ model: encodeModel(model), external: [] }), { name: "test" });
  const scalars = steering ? steeringScalars(steering) : {};
  const texts = new Map<string, { readonly values: ArrayLike<number>; readonly shape: readonly number[] }>(
    [positive, other].flatMap((weighed, index) => {
      const tokens = weighed.text.length / TEXT_CHANNELS;
      const name = (input: string) => (index === 0 ? input : negativeOf(input));
      const { factors = Array.from({ length: tokens }, () => 1), added = Array.from({ length: tokens }, () => 0) } = weighed;
      return [
        [name(TEXT_INPUT), { values: weighed.text, shape: [1, tokens, TEXT_CHANNELS] }],
        [name(TOKEN_INPUTS.factors), { values: factors, shape: [1, tokens, 1] }],
        [name(TOKEN_INPUTS.added), { values: added, shape: [tokens] }],
      ] as const;
    }),
  );
  const feeds = session.inputs.map((input) => {
    const scalar = scalars[input.name];
    if (scalar !== undefined) return [input.name, tensorFrom(runtime, input, [scalar])] as const;
    if (input.name === "sample") return [input.name, tensorFrom(runtime, input, sample, [1, PIXELS, CHANNELS])] as const;
    const { values = [], shape = [] } = texts.get(input.name) ?? {};
    return [input.name, tensorFrom(runtime, input, values, shape)] as const;
  });
  const { out } = await session.run(Object.fromEntries(feeds));
  await session.release();
  return out ? valuesOf(out) : new Float32Array();
}

/** Largest difference over largest value: 1e-6 for float32 sums of a few products. float16's spacing is 1e-3, with a few roundings. */
function expectClose(actual: Float32Array, expected: Float64Array, form: Form): void {
  expect(actual.length).toBe(expected.length);
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] ?? NaN))));
  expect(difference / Math.max(...expected.map(Math.abs))).toBeLessThan(form === "float16" ? 1e-2 : 5e-6);
}

describe.each(FORMS)("%s", (form) => {
  const model = attentionModel(form);
  const positive = attend(sample, text);

  it("control: the model unsteered is the attention", async () => {
    expectClose(await run(model), positive, form);
  });

  it("NASA", async () => {
    const expected = nasa(positive, attend(sample, negative), NASA);
    expectClose(await run(steerGraph(model, { by: "nasa", weighs: false }), NASA), expected, form);
  });

  it("NAG, with a bound that binds", async () => {
    const branch = attend(sample, negative);
    const expected = nag(positive, branch, CHANNELS, STRONG_NAG);
    const unbound = nag(positive, branch, CHANNELS, { ...STRONG_NAG, tau: 10 });
    expect(Math.max(...expected.map((value, i) => Math.abs(value - (unbound[i] ?? NaN))))).toBeGreaterThan(0.05);
    expectClose(await run(steerGraph(model, { by: "nag", weighs: false }), STRONG_NAG), expected, form);
  });

  it("VSF, and words that count negatively beside it", async () => {
    const steered = steerGraph(model, { weighs: true });
    for (const sign of [1, -1] as const) {
      const seen = (of: Float32Array) =>
        seenBy(sample, of).map((tokens) => tokens.map((token, i) => (i === 2 ? { ...token, sign } : token)));
      const [said, away] = [seen(text), seenBy(sample, negative)];
      const heads = said.map((tokens, i) => vsf(tokens, away[i] ?? [], VSF));
      const factors = [1, 1, sign, 1, ...Array.from({ length: 3 }, () => -VSF.scale)];
      const added = [0, 0, 0, 0, ...Array.from({ length: 3 }, () => -VSF.offset)];
      const y = await runWeighed(steered, undefined, { text: Float32Array.from([...text, ...negative]), factors, added });
      expectClose(y, Float64Array.from(heads.flatMap((head) => [...head])), form);
    }
  });

  it("words that count negatively, under NASA and NAG, in both texts", async () => {
    const weights = { said: [1, -1, 1, 1], away: [-1, 1, 1] };
    const [plus, minus] = [attend(sample, text, weights.said), attend(sample, negative, weights.away)];
    const texts = [
      { text, factors: weights.said },
      { text: negative, factors: weights.away },
    ] as const;
    expectClose(await runWeighed(steerGraph(model, { by: "nasa", weighs: true }), NASA, ...texts), nasa(plus, minus, NASA), form);
    expectClose(
      await runWeighed(steerGraph(model, { by: "nag", weighs: true }), STRONG_NAG, ...texts),
      nag(plus, minus, CHANNELS, STRONG_NAG),
      form,
    );
  });

  it("a strength of 0 changes no bit", async () => {
    const plain = await run(model);
    expect(await run(steerGraph(model, { weighs: true }))).toEqual(plain);
    expect(await run(steerGraph(model, { by: "nasa", weighs: true }), { ...NASA, scale: 0 })).toEqual(plain);
    expect(await run(steerGraph(model, { by: "nasa", weighs: false }), { ...NASA, scale: 0 })).toEqual(plain);
    expect(await run(steerGraph(model, { by: "nag", weighs: false }), { ...STRONG_NAG, scale: 0 })).toEqual(plain);
    expect(await run(steerGraph(model, { by: "nag", weighs: false }), { ...STRONG_NAG, alpha: 0 })).toEqual(plain);
  });
});

describe("the rewritten graph", () => {
  it("shares every weight and adds at most two small constants", () => {
    const model = attentionModel("plain");
    for (const method of ["nasa", "nag"] as const) {
      const { initializers } = steerGraph(model, { by: method, weighs: false }).graph;
      for (const initializer of model.graph.initializers) expect(initializers).toContain(initializer);
      expect(initializers.length - model.graph.initializers.length).toBeLessThanOrEqual(2);
    }
  });

  it("has no more products where only values are weighed: theirs alone are computed from the weighed text", () => {
    const model = attentionModel("plain");
    const products = ({ graph }: OnnxModel) => graph.nodes.filter((node) => node.opType === "MatMul").length;
    expect(products(steerGraph(model, { weighs: true }))).toBe(products(model));
    // Where keys and values are one product, both are computed from the weighed text, and the keys of it are not used.
    const packed = attentionModel("packed");
    expect(products(steerGraph(packed, { weighs: true }))).toBe(products(packed) + 1);
  });

  it("leaves self-attention alone, and queries are computed once", () => {
    const g = new GraphWriter();
    const hidden = selfAttention(g, "sample");
    const model = g.model(crossAttention(g, "plain", hidden, "encoder_hidden_states"));
    const count = ({ graph }: OnnxModel, opType: string) => graph.nodes.filter((node) => node.opType === opType).length;
    const steered = steerGraph(model, { by: "nasa", weighs: false });
    expect(count(model, "Softmax")).toBe(2);
    expect(count(steered, "Softmax")).toBe(3);
    // Keys, values, and the two products of the attention.
    expect(count(steered, "MatMul") - count(model, "MatMul")).toBe(4);
  });

  it("can be run in its order: no node reads what a later one makes", () => {
    const { graph } = steerGraph(attentionModel("flat"), { by: "nag", weighs: false });
    const known = new Set(["", ...graph.inputs.map(({ name }) => name), ...graph.initializers.map(({ name }) => name)]);
    for (const node of graph.nodes) {
      for (const input of node.inputs) expect(known).toContain(input);
      for (const output of node.outputs) {
        expect(known).not.toContain(output);
        known.add(output);
      }
    }
  });

  it("reduces with axes as an input since opset 18, and takes the same value", async () => {
    const expected = await run(steerGraph(attentionModel("plain"), { by: "nag", weighs: false }), STRONG_NAG);
    expect(await run(steerGraph(attentionModel("plain", 18), { by: "nag", weighs: false }), STRONG_NAG)).toEqual(expected);
  });

  it("takes as many negative tokens as it is given", async () => {
    const long = numbers(9 * TEXT_CHANNELS, 13);
    expectClose(
      await run(steerGraph(attentionModel("flat"), { by: "nasa", weighs: false }), NASA, long),
      nasa(attend(sample, text), attend(sample, long), NASA),
      "flat",
    );
  });
});

describe("identities", () => {
  it("a negative that is the prompt leaves (1 - a) of it under NASA, and all of it under NAG", async () => {
    const positive = attend(sample, text);
    const part = positive.map((value) => (1 - NASA.scale) * value);
    expectClose(await run(steerGraph(attentionModel("plain"), { by: "nasa", weighs: false }), NASA, text), part, "plain");
    expectClose(await run(steerGraph(attentionModel("plain"), { by: "nag", weighs: false }), STRONG_NAG, text), positive, "plain");
  });

  it("the order of negative tokens does not matter", async () => {
    const steered = steerGraph(attentionModel("fused"), { by: "nag", weighs: false });
    const rows = [2, 0, 1].flatMap((token) => [...negative.subarray(token * TEXT_CHANNELS, (token + 1) * TEXT_CHANNELS)]);
    const expected = Float64Array.from(await run(steered, STRONG_NAG));
    expectClose(await run(steered, STRONG_NAG, Float32Array.from(rows)), expected, "fused");
  });

  it("the strongest settings give numbers", async () => {
    const nasaModel = steerGraph(attentionModel("plain"), { by: "nasa", weighs: false });
    const nagModel = steerGraph(attentionModel("plain"), { by: "nag", weighs: false });
    expect((await run(nasaModel, { ...NASA, scale: 2 })).every(Number.isFinite)).toBe(true);
    expect((await run(nagModel, { ...STRONG_NAG, scale: 10, tau: 1, alpha: 1 })).every(Number.isFinite)).toBe(true);
    // Keys and values of zeros leave nothing to steer away from.
    expect((await run(nagModel, STRONG_NAG, new Float32Array(2 * TEXT_CHANNELS))).every(Number.isFinite)).toBe(true);
  });
});

describe("refusals", () => {
  const refused = (model: OnnxModel) => expect(() => steerGraph(model, { by: "nasa", weighs: false }));

  it("no text input", () => {
    const { graph, ...rest } = attentionModel("plain");
    const inputs = graph.inputs.filter(({ name }) => name !== "encoder_hidden_states");
    refused({ ...rest, graph: { ...graph, inputs } }).toThrow(/no input encoder_hidden_states/);
  });

  it("no cross-attention", () => {
    const g = new GraphWriter();
    refused(g.model(selfAttention(g, "sample"))).toThrow(/no cross-attention/);
  });

  it("text that also enters elsewhere", () => {
    const g = new GraphWriter();
    const pooled = g.op("ReduceMean", ["encoder_hidden_states"]);
    refused(g.model(crossAttention(g, "plain", g.op("Add", ["sample", pooled]), "encoder_hidden_states"))).toThrow(/text enters it at Add/);
  });

  it("values with a bias, where words are weighed", () => {
    const weighed = (text: (g: GraphWriter) => string) => {
      const g = new GraphWriter();
      const model = g.model(crossAttention(g, "plain", "sample", text(g)));
      return expect(() => steerGraph(model, { weighs: true }));
    };
    const bias = (g: GraphWriter) => g.floats("bias", [TEXT_CHANNELS], numbers(TEXT_CHANNELS, 9));
    weighed((g) => g.op("Add", [TEXT_INPUT, bias(g)])).toThrow(/its values have a bias/);
    weighed((g) => g.op("Gemm", [TEXT_INPUT, bias(g), bias(g)])).toThrow(/its values have a bias/);
    // Controls: a sum of products of the text, such as a LoRA's, and a bias where no word is weighed.
    weighed((g) => g.op("Add", [TEXT_INPUT, TEXT_INPUT])).not.toThrow();
    const g = new GraphWriter();
    refused(g.model(crossAttention(g, "plain", "sample", g.op("Add", [TEXT_INPUT, bias(g)])))).not.toThrow();
    const { graph, ...rest } = attentionModel("fused");
    const nodes = graph.nodes.map((node) =>
      node.opType === "MultiHeadAttention" ? { ...node, inputs: [...node.inputs, "to_bias"] } : node,
    );
    expect(() => steerGraph({ ...rest, graph: { ...graph, nodes } }, { weighs: true })).toThrow(/its values have a bias/);
  });

  it("nodes in an order that nothing can run in, and text that comes through too many steps", () => {
    const { graph, ...rest } = attentionModel("plain");
    refused({ ...rest, graph: { ...graph, nodes: graph.nodes.toReversed() } }).toThrow(/before it is made/);
    const g = new GraphWriter();
    let text = "encoder_hidden_states";
    for (let i = 0; i < 20_000; i++) text = g.op("Identity", [text]);
    refused(g.model(crossAttention(g, "plain", "sample", text))).toThrow(/too many steps/);
  });

  it("a mask from another input, which is for one text's tokens", () => {
    const { graph, ...rest } = attentionModel("plain");
    const nodes = graph.nodes.flatMap((node) =>
      node.opType === "Softmax"
        ? [
            { ...node, name: "mask", opType: "Add", inputs: [...node.inputs, "mask"], outputs: ["masked"], other: [] },
            { ...node, inputs: ["masked"] },
          ]
        : [node],
    );
    const inputs = [...graph.inputs, valueInfo("mask", ELEMENT_TYPES.float32, [1, 1, 1, "tokens"])];
    refused({ ...rest, graph: { ...graph, nodes, inputs } }).toThrow(/mask/);
  });
});

function selfAttention(g: GraphWriter, hidden: string): string {
  const scores = g.op("MatMul", [hidden, g.op("Transpose", [hidden], { perm: [0, 2, 1] })]);
  return g.op("MatMul", [g.op("Softmax", [scores], { axis: -1 }), hidden]);
}
