// What a graph may contain: well beyond every published network, and little enough that reading and rewriting it takes seconds.
// The limits are checked before anything is decoded, so that a file that was made to be endless is refused at once.
import { OnestrokeError } from "../../common/errors";
import { contents, readFields, type Field } from "./fields";
import { ATTRIBUTE_FIELDS, GRAPH_FIELDS, NODE_FIELDS } from "./model";

/** SDXL's UNet has about fifteen thousand nodes in a plain export. */
const MOST_NODES = 100_000;
/** How deep bodies of `If`, `Loop` and `Scan` may be nested. */
const MOST_NESTED = 8;

/**
 * @param graph fields of the outermost graph
 * @throws OnestrokeError `model-unsupported` saying which limit is exceeded; `model-corrupt`
 */
export function checkGraphBudget(graph: readonly Field[]): void {
  let nodes = 0;
  let level = [graph];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_NESTED) throw tooMuch(`graphs nested more than ${MOST_NESTED} deep`);
    const inner: (readonly Field[])[] = [];
    for (const fields of level) {
      const found = contents(fields, GRAPH_FIELDS.node);
      nodes += found.length;
      if (nodes > MOST_NODES) throw tooMuch(`more than ${MOST_NODES} nodes`);
      for (const node of found) inner.push(...bodiesOf(readFields(node)).map(readFields));
    }
    level = inner;
  }
}

/** The graphs inside a node. */
export function bodiesOf(node: readonly Field[]): readonly Uint8Array[] {
  return contents(node, NODE_FIELDS.attribute).flatMap((content) => {
    const fields = readFields(content);
    return [...contents(fields, ATTRIBUTE_FIELDS.graph), ...contents(fields, ATTRIBUTE_FIELDS.graphs)];
  });
}

function tooMuch(what: string): OnestrokeError {
  return new OnestrokeError("model-unsupported", `the ONNX file has ${what}, which no network here needs`);
}
