// Weights by reference: a rewritten model whose large tensors point into the file they came from,
// so that writing it copies none of them. ONNX calls that external data; the runtime takes the original file as such.
import { contents, integer, message, readFields, text, textOf, writeFields } from "./fields";
import { ENTRY_FIELDS, TENSOR_FIELDS, type Initializer, type OnnxModel } from "./model";

/** Smaller tensors stay inside: shapes and axes must be seen when the runtime reads the graph. */
const SMALLEST_BYTE_LENGTH = 1024;

const EXTERNAL = 1;

/**
 * @param file what `decodeModel` read; its large tensors are now at `location` in it
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

/** Files beside the model that its tensors are in, as named there. */
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
