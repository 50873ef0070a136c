// Rule 14: names and shapes in the files are those the network was built for. A missing or
// mis-shaped weight is an error; a surplus one must be listed as unused, and is reported.
import { ruleError } from "./safetensors";
import { canonicalName, shapesAgree } from "./spellings";
import type { TensorReader } from "./tensor-reader";

export interface TensorCheck {
  /** Weights in the files that the network does not use, in file order. */
  readonly unused: readonly string[];
}

/**
 * @param expected shape of every weight the network asks for, by canonical or published name
 * @param unused names the network knows and does not need, such as an encoder beside a decoder
 * @param where for messages: the component or its folder
 * @throws OnestrokeError `model-corrupt` naming the tensor and rule 14
 */
export function checkTensors(
  reader: TensorReader,
  expected: ReadonlyMap<string, readonly number[]>,
  unused: readonly RegExp[],
  where: string,
): TensorCheck {
  const known = new Set<string>();
  for (const [name, shape] of expected) {
    const canonical = canonicalName(name);
    known.add(canonical);
    if (!reader.has(name)) throw ruleError(14, where, "is missing", name);
    const stored = reader.shape(name);
    if (!shapesAgree(canonical, stored, shape)) {
      throw ruleError(14, where, `has the shape [${stored.join(", ")}], not [${shape.join(", ")}]`, name);
    }
  }
  const surplus = reader.names.filter((name) => !known.has(name));
  for (const name of surplus) {
    if (!unused.some((pattern) => pattern.test(name))) throw ruleError(14, where, "is not part of this network", name);
  }
  return { unused: surplus };
}
