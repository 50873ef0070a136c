// Token embedding: rows of a float16 table by id, plus a learned position table.
// Ids past the end of the table take its last row.
import type { Dispatch, Lowering } from "../../kernel";
import type { Embedding } from "../../ops";
import { axis, quadsOf, roundUp, type Tensor } from "../../tensor";
import { wgsl } from "../../wgsl";
import { rowwise } from "../rowwise";

export function lowerEmbedding(op: Embedding, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { ids } = op.inputs;
  const { table, position } = op.weights;
  const tokens = axis(ids, -1);
  const place = position ? " + load_position((row % sizes.tokens) * sizes.table_quads + (channel >> 2u))" : "";
  return rowwise(
    {
      name: "embedding",
      output,
      streams: {},
      tables: {
        ids: { source: { tensor: ids }, element: "u32", lanes: 1 },
        table: { source: { weight: table }, element: "weight", lanes: 4 },
        ...(position ? { position: { source: { weight: position }, element: "weight", lanes: 4 } as const } : {}),
      },
      sizes: {
        tokens,
        ids_stride: roundUp(tokens, 4),
        vocabulary: axis({ shape: table.shapes[0] ?? [] }, -2),
        table_quads: quadsOf(output),
      },
      body: wgsl`
        let id = min(load_ids((row / sizes.tokens) * sizes.ids_stride + row % sizes.tokens), sizes.vocabulary - 1u);
        return load_table(id * sizes.table_quads + (channel >> 2u))${place};
      `,
    },
    lowering,
  );
}
