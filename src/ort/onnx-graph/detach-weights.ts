// Weights by reference: in a rewritten model, large tensors point into the file that they came from,
// so that writing the model copies none of them. ONNX calls this external data; the runtime is given the original file as such.
import { contents, integer, message, readFields, text, textOf, writeFields } from "./fields";
import { ENTRY_FIELDS, TENSOR_FIELDS, type Initializer, type OnnxModel } from "./model";

/** Smaller tensors stay inside, because the runtime must see shapes and axes when it reads the graph. */
const SMALLEST_BYTE_LENGTH = 1024;

const EXTERNAL = 1;

/**
 * @param file the file that `decodeModel` read; the model's large tensors now refer to it as `location`
 * @param location the name under which the runtime is given `file`
 */
export function detachWeights(model: OnnxModel, file: Uint8Array, location: string): OnnxModel {
  const initializers = model.graph.initializers.map((initializer) => detach(initializer, file, location));
  return { ...model, graph: { ...model.graph, initializers } };
}

function detach(initializer: Initializer, file: Uint8Array, location: string): Initializer {
  const { encoded } = initializer;
  if (encoded.byteLength < SMALLEST_BYTE_LENGTH || encoded.buffer !== file.buffer) return initializer;
  const fields = readFields(encoded);
  const raw = contents(fields, TENSOR_FIELDS.raw).at(-1);
  if (raw === undefined || raw.byteLength < SMALLEST_BYTE_LENGTH) return initializer;
  const entry = (key: string, value: string) =>
    message(TENSOR_FIELDS.external, [text(ENTRY_FIELDS.key, key), text(ENTRY_FIELDS.value, value)]);
  const detached = writeFields([
    ...fields.filter(({ number }) => number !== TENSOR_FIELDS.raw),
    integer(TENSOR_FIELDS.location, EXTERNAL),
    entry("location", location),
    entry("offset", String(raw.byteOffset - file.byteOffset)),
    entry("length", String(raw.byteLength)),
  ]);
  return { ...initializer, encoded: detached };
}

/** Files beside the model that hold its tensors, by the names that the model uses. */
export function externalFiles({ graph }: OnnxModel): readonly string[] {
  const names = graph.initializers.flatMap(({ encoded }) =>
    contents(readFields(encoded), TENSOR_FIELDS.external).flatMap((content) => {
      const fields = readFields(content);
      const key = textOf(fields, ENTRY_FIELDS.key);
      const value = textOf(fields, ENTRY_FIELDS.value);
      return key === "location" ? [value] : [];
    }),
  );
  return [...new Set(names)];
}
