// Rule 14: names and shapes in the files are those that the network was built for. A weight that is missing or
// has the wrong shape is an error, and so is an additional one that the network does not list as known.
// Where files are valid but hold something else, the error says what they hold.
import { foreignError } from "./foreign-file";
import { foreignWeights, otherNetwork } from "./foreign-weights";
import { ruleError } from "./safetensors";
import { canonicalName, shapesAgree } from "./spellings";
import type { TensorReader } from "./tensor-reader";

/**
 * @param expected shape of every weight that the network asks for, by canonical or published name
 * @param unused names that the network knows and does not need, such as an encoder beside a decoder
 * @param where for messages: the component or its folder
 * @throws OnestrokeError `model-corrupt` naming the tensor and rule 14; `model-unsupported` where the files hold something else
 */
export function checkTensors(
  reader: TensorReader,
  expected: ReadonlyMap<string, readonly number[]>,
  unused: readonly RegExp[],
  where: string,
): void {
  const known = new Set([...expected.keys()].map(canonicalName));
  const surplus = reader.names.filter((name) => !known.has(name) && !unused.some((pattern) => pattern.test(name)));
  const foreign = foreignWeights(surplus);
  if (foreign !== undefined) throw foreignError(where, foreign, "holds");
  if (surplus.length > 0 && ![...known].some((name) => reader.has(name))) throw foreignError(where, otherNetwork(surplus, known), "holds");
  for (const [name, shape] of expected) {
    const canonical = canonicalName(name);
    if (!reader.has(name)) throw ruleError(14, where, "is missing", name);
    const stored = reader.shape(name);
    if (!shapesAgree(canonical, stored, shape)) {
      throw ruleError(14, where, `has the shape [${stored.join(", ")}], not [${shape.join(", ")}]`, name);
    }
  }
  const [first] = surplus;
  if (first !== undefined) throw ruleError(14, where, "is not part of this network", first);
}
