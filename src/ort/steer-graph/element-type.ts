// The number format of a value, from what the file states and what operators preserve.
import { integerAttribute } from "../onnx-graph/decode";
import type { GraphIndex } from "../onnx-graph/graph-index";
import { ELEMENT_TYPES, type ElementType } from "../onnx-graph/model";

/** The type of float values in an attention; float32 if nothing states it. */
export function elementType(index: GraphIndex, value: string): ElementType {
  const seen = new Set<string>();
  for (let current = value; !seen.has(current);) {
    seen.add(current);
    const stated = index.values.get(current)?.elementType ?? index.initializers.get(current)?.elementType;
    if (stated !== undefined) return stated;
    const node = index.producer(current);
    if (!node) break;
    if (node.opType === "Cast") return integerAttribute(node, "to") ?? ELEMENT_TYPES.float32;
    // A product has the type of its weights, which is stated; other operators have the type of their first operand.
    const weights = node.inputs
      .map((input) => index.initializers.get(input))
      .find((tensor) => tensor && tensor.elementType !== ELEMENT_TYPES.int64);
    if (weights && node.opType === "MatMul") return weights.elementType;
    current = node.inputs[node.opType === "Where" ? 1 : 0] ?? "";
  }
  return ELEMENT_TYPES.float32;
}
