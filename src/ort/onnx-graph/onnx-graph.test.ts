// A model read and written again is the same model; its weights are views of the file, or
// references into it; a file that is no model is said to be damaged.
import { describe, expect, it } from "vitest";
import { attentionModel, GraphWriter } from "../testing/attention-model";
import { capturedValues, decodeModel, integerAttribute } from "./decode";
import { detachWeights, externalFiles } from "./detach-weights";
import { encodeModel } from "./encode";
import { bytes, contents, integerOf, message, readFields, text, textOf, writeFields } from "./fields";
import { GraphIndex } from "./graph-index";
import { ATTRIBUTE_FIELDS, ENTRY_FIELDS, GRAPH_FIELDS, NODE_FIELDS, TENSOR_FIELDS, type OnnxModel } from "./model";

function largeModel(): { readonly model: OnnxModel; readonly values: Float32Array } {
  const g = new GraphWriter();
  const values = Float32Array.from({ length: 600 }, (_, i) => i / 7);
  const small = g.floats("small", [1], Float32Array.of(2));
  return { model: g.model(g.op("Mul", [g.op("Add", ["sample", g.floats("large", [100, 6], values)]), small])), values };
}

describe("reading and writing", () => {
  it("keeps nodes, tensors, inputs, sizes and symbols", () => {
    const written = encodeModel(attentionModel("fused"));
    const model = decodeModel(written);
    expect(encodeModel(model)).toEqual(written);
    expect(model.opsets).toEqual(
      new Map([
        ["", 17],
        ["com.microsoft", 1],
      ]),
    );
    expect(model.graph.inputs.map(({ name, elementType, shape }) => [name, elementType, shape])).toEqual([
      ["sample", 1, [1, "pixels", 6]],
      ["encoder_hidden_states", 1, [1, "tokens", 4]],
    ]);
    const fused = model.graph.nodes.find(({ opType }) => opType === "MultiHeadAttention");
    expect(fused?.domain).toBe("com.microsoft");
    expect(fused && integerAttribute(fused, "num_heads")).toBe(2);
  });

  it("knows ONNX's own operators by both of their domain's names", () => {
    const { graph, ...rest } = attentionModel("plain");
    const nodes = graph.nodes.map((node) => ({ ...node, domain: "ai.onnx" }));
    const model = decodeModel(encodeModel({ ...rest, graph: { ...graph, nodes }, opsets: new Map([["ai.onnx", 18]]) }));
    expect(model.opsets).toEqual(new Map([["", 18]]));
    expect(model.graph.nodes.every(({ domain }) => domain === "")).toBe(true);
  });

  it("keeps what it does not understand", () => {
    const model = attentionModel("plain");
    const unknown = bytes(4999, Uint8Array.of(1, 2, 3));
    const [first, ...rest] = model.graph.nodes;
    const nodes = first ? [{ ...first, other: [...first.other, unknown] }, ...rest] : rest;
    const file = encodeModel({ ...model, other: [...model.other, unknown], graph: { ...model.graph, nodes, other: [unknown] } });
    const again = decodeModel(file);
    for (const fields of [again.other, again.graph.other, again.graph.nodes[0]?.other ?? []]) {
      expect(fields.find(({ number }) => number === 4999)?.content).toEqual(unknown.content);
    }
  });

  it("copies no weights when it reads", () => {
    const file = encodeModel(largeModel().model);
    for (const { encoded } of decodeModel(file).graph.initializers) expect(encoded.buffer).toBe(file.buffer);
  });

  it("knows what the bodies of a node read from around it", () => {
    const inner = message(GRAPH_FIELDS.node, [text(NODE_FIELDS.input, "outer"), text(NODE_FIELDS.output, "inner")]);
    const branch = message(NODE_FIELDS.attribute, [text(ATTRIBUTE_FIELDS.name, "then_branch"), message(ATTRIBUTE_FIELDS.graph, [inner])]);
    const node = { name: "", opType: "If", domain: "", inputs: ["condition"], outputs: ["y"], other: [branch] };
    expect(capturedValues(node)).toContain("outer");
    expect(capturedValues({ ...node, other: [] })).toEqual([]);
  });

  it.each([
    ["nothing", new Uint8Array()],
    ["a page", new TextEncoder().encode("<!doctype html><title>404</title>")],
    ["half a model", encodeModel(attentionModel("plain")).subarray(0, 300)],
    ["another message", writeFields([text(2, "exporter")])],
  ])("%s is no model", (_, file) => {
    expect(() => decodeModel(file)).toThrow(expect.objectContaining({ code: "model-corrupt" }));
  });
});

describe("weights by reference", () => {
  it("large tensors point into the file they came from, small ones stay", () => {
    const { model, values } = largeModel();
    const inside = encodeModel(model);
    // As a part of a larger buffer: offsets count from the file's begin.
    const file = new Uint8Array(inside.length + 64).subarray(64);
    file.set(inside);
    const detached = detachWeights(decodeModel(file), file, "original.onnx");
    expect(encodeModel(detached).length).toBeLessThan(inside.length - values.byteLength + 100);
    expect(externalFiles(detached)).toEqual(["original.onnx"]);
    const [large, small] = ["large", "small"].map((name) => new GraphIndex(detached.graph).initializers.get(name));
    expect(contents(readFields(small?.encoded ?? file), TENSOR_FIELDS.raw)).toHaveLength(1);
    const fields = readFields(large?.encoded ?? file);
    expect(contents(fields, TENSOR_FIELDS.raw)).toHaveLength(0);
    expect(integerOf(fields, TENSOR_FIELDS.location)).toBe(1);
    const entries = contents(fields, TENSOR_FIELDS.external).map(readFields);
    const entry = (key: string) => Number(textOf(entries.find((each) => textOf(each, ENTRY_FIELDS.key) === key) ?? [], ENTRY_FIELDS.value));
    expect(entry("length")).toBe(values.byteLength);
    expect(new Float32Array(file.slice(entry("offset"), entry("offset") + entry("length")).buffer)).toEqual(values);
  });

  it("references the file already has are kept", () => {
    const { model } = largeModel();
    const file = encodeModel(model);
    const once = encodeModel(detachWeights(decodeModel(file), file, "weights.data"));
    const again = detachWeights(decodeModel(once), once, "other");
    expect(externalFiles(again)).toEqual(["weights.data"]);
  });
});
