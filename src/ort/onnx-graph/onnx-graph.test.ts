// A model that is read and written again is the same model. Its weights are views of the file, or
// references into it. A file that is not a model is reported as damaged.
import { describe, expect, it } from "vitest";
import { attentionModel, GraphWriter } from "../testing/attention-model";
import { capturedValues, decodeModel, integerAttribute } from "./decode";
import { detachWeights, externalFiles } from "./detach-weights";
import { encodeModel } from "./encode";
import { bytes, contents, integer, integerOf, message, readFields, text, textOf, writeFields } from "./fields";
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
    // The file is a part of a larger buffer, but offsets count from the file's beginning.
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

describe("budgets", () => {
  const { graph: GRAPH, irVersion } = { graph: 7, irVersion: 1 };
  const file = (graph: Uint8Array) => writeFields([integer(irVersion, 8), bytes(GRAPH, graph)]);
  const nested = (depth: number): Uint8Array => {
    let graph: Uint8Array = new Uint8Array();
    for (let i = 0; i < depth; i++) {
      const body = bytes(ATTRIBUTE_FIELDS.graph, graph);
      graph = writeFields([message(GRAPH_FIELDS.node, [message(NODE_FIELDS.attribute, [text(ATTRIBUTE_FIELDS.name, "body"), body])])]);
    }
    return graph;
  };
  const tooMuch = (what: RegExp) => expect.objectContaining({ code: "model-unsupported", message: expect.stringMatching(what) });

  it.each([9, 100, 1000])("%i graphs in one another are too many", (depth) => {
    expect(() => decodeModel(file(nested(depth)))).toThrow(tooMuch(/nested/));
  });

  it("control: a body in a body may be", () => expect(decodeModel(file(nested(8))).graph.nodes.length).toBe(1));

  it.each([100_001, 1_000_000])("%i empty nodes are too many", (count) => {
    const node = Uint8Array.of((GRAPH_FIELDS.node << 3) | 2, 0);
    const graph = new Uint8Array(2 * count);
    for (let i = 0; i < count; i++) graph.set(node, 2 * i);
    expect(() => decodeModel(file(graph))).toThrow(tooMuch(/nodes|parts/));
  });

  it("a body that is named ten times at each of eight levels is counted ten times", () => {
    let graph: Uint8Array = new Uint8Array();
    for (let i = 0; i < 6; i++) {
      const body = bytes(ATTRIBUTE_FIELDS.graphs, graph);
      graph = writeFields([
        message(GRAPH_FIELDS.node, [
          message(
            NODE_FIELDS.attribute,
            Array.from({ length: 10 }, () => body),
          ),
        ]),
      ]);
    }
    expect(() => decodeModel(file(graph))).toThrow(tooMuch(/nodes/));
  });

  it.each([1025, 10_000_000])("a tensor of %i dimensions has too many, one by one or packed", (count) => {
    const packed = bytes(TENSOR_FIELDS.dims, new Uint8Array(count).fill(1));
    const each = new Uint8Array(2 * Math.min(count, 600_000)).fill(1).map((_, i) => (i % 2 === 0 ? TENSOR_FIELDS.dims << 3 : 1));
    for (const tensor of [writeFields([packed]), each])
      expect(() => decodeModel(file(writeFields([bytes(GRAPH_FIELDS.initializer, tensor)])))).toThrow(tooMuch(/numbers in a list|parts/));
  });

  it("groups in one another, which nobody writes any more, are damage", () => {
    const groups = new Uint8Array(1_000_000).fill(((99 << 3) & 0x7f) | 3);
    expect(() => decodeModel(groups)).toThrow(expect.objectContaining({ code: "model-corrupt" }));
  });

  it("a value that is made twice is damage", () => {
    const g = new GraphWriter();
    const { graph } = g.model(g.op("Add", [g.op("Neg", ["sample"]), "sample"]));
    const twice = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, outputs: ["out"] })) };
    expect(() => new GraphIndex(twice)).toThrow(expect.objectContaining({ code: "model-corrupt" }));
    expect(() => new GraphIndex(graph)).not.toThrow();
  });
});
