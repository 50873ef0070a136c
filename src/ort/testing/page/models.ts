// Models of the test page: an attention in one operator, large enough for the runtime's fast kernels, with
// its float64 reference; and a sum that fails while it runs.
import { encodeModel, valueInfo } from "../../onnx-graph/encode";
import { ELEMENT_TYPES } from "../../onnx-graph/model";
import type { ModelFiles } from "../../session/session";
import { attentionModel, GraphWriter, numbers } from "../attention-model";

const { float32 } = ELEMENT_TYPES;

const TOKENS = 64;
const HEAD_CHANNELS = 32;
export const ATTENTION_SHAPE = [1, TOKENS, HEAD_CHANNELS];

export const ATTENTION_INPUTS = {
  query: numbers(TOKENS * HEAD_CHANNELS, 31),
  key: numbers(TOKENS * HEAD_CHANNELS, 32),
  value: numbers(TOKENS * HEAD_CHANNELS, 33),
};

const files = (model: Uint8Array): ModelFiles => ({ model, external: [] });

/** One head, and no mask. */
export function fusedAttention(): ModelFiles {
  const g = new GraphWriter();
  const written = g.model(g.op("MultiHeadAttention", Object.keys(ATTENTION_INPUTS), { num_heads: 1 }, "com.microsoft"));
  const described = (name: string) => valueInfo(name, float32, ATTENTION_SHAPE);
  const graph = { ...written.graph, inputs: Object.keys(ATTENTION_INPUTS).map(described), outputs: [described("out")] };
  return files(encodeModel({ ...written, graph }));
}

export function fusedAttentionReference(): Float64Array {
  const { query, key, value } = ATTENTION_INPUTS;
  const at = (rows: Float32Array, row: number, channel: number) => rows[row * HEAD_CHANNELS + channel] ?? NaN;
  const range = (length: number) => Array.from({ length }, (_, i) => i);
  const rows = range(TOKENS).map((token) => {
    const scores = range(TOKENS).map((other) =>
      range(HEAD_CHANNELS).reduce((sum, channel) => sum + at(query, token, channel) * at(key, other, channel), 0),
    );
    const weights = scores.map((score) => Math.exp((score - Math.max(...scores)) * HEAD_CHANNELS ** -0.5));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return range(HEAD_CHANNELS).map((channel) => weights.reduce((sum, weight, i) => sum + (weight / total) * at(value, i, channel), 0));
  });
  return Float64Array.from(rows.flat());
}

/** `x + y` of any lengths; lengths that do not fit are found only during the run. */
export function sum(): ModelFiles {
  const g = new GraphWriter();
  const written = g.model(g.op("Add", ["x", "y"]));
  const inputs = [valueInfo("x", float32, ["n"]), valueInfo("y", float32, ["m"])];
  return files(encodeModel({ ...written, graph: { ...written.graph, inputs, outputs: [valueInfo("out", float32, ["k"])] } }));
}

/** Damage that servers and disks do to a good file. */
export function spoiled(): Readonly<Record<string, ModelFiles>> {
  const good = encodeModel(attentionModel("plain"));
  const flipped = good.slice();
  // In the last third of the file: past the graph's length, among names and numbers.
  for (let i = Math.floor((2 * good.length) / 3); i < good.length; i += 7) flipped[i] = 255 - (flipped[i] ?? 0);
  return {
    empty: files(new Uint8Array()),
    "a web page": files(new TextEncoder().encode("<!doctype html><title>Not found</title>")),
    "half a file": files(good.slice(0, good.length / 2)),
    "flipped bits": files(flipped),
  };
}
