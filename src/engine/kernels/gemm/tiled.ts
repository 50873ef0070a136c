// WGSL of a tiled matrix product y[rows, columns] = epilogue(A[rows, k] W[k, columns]).
// Where A's values come from (rows of a matrix, pixels under a convolution's tap) is the
// caller's `TiledRows`; what becomes of a sum is the epilogue's. Sums are f32 (sums.ts).
import { entryPoint, unroll, wgsl } from "../../wgsl";
import { storeRowMoments } from "./row-moments";
import type { Interleaved } from "./source";
import { quadOf, rowOf, sumsDeclarations, sumsWgsl, type SumsText } from "./sums";
import { threadsOf } from "./tile";

export interface TiledText extends Omit<SumsText, "memory"> {
  /** `finish` and what it needs; with split reductions partial sums are stored instead. */
  readonly epilogue: string;
  /** The moments of the result's rows are stored beside it: `finish` returns those of four values. */
  readonly leavesMoments: boolean;
  readonly interleaved?: Interleaved | undefined;
}

const MEMORY: SumsText["memory"] = { a: (index) => `a_tile[${index}]`, w: (index) => `w_tile[${index}]` };

export function tiledWgsl(text: TiledText): string {
  const { tile, halfTiles, interleaved } = text;
  const { rows, columns, depth } = tile;
  const sums = { ...text, memory: MEMORY };
  const tiled = halfTiles ? "vec4<f16>" : "vec4<f32>";
  // Products take turns along y, so that workgroups beside each other read the same rows of A.
  const rowTile = interleaved ? `(group.y / ${interleaved.products}u)` : "group.y";
  return wgsl`
    ${[text.epilogue, ...sumsDeclarations(sums), interleaved?.resultRow ?? ""].filter((each) => each !== "").join("\n\n")}

    var<workgroup> a_tile: array<${tiled}, ${(rows * depth) / 4}>; // [rows][depth / 4]
    var<workgroup> w_tile: array<${tiled}, ${(depth * columns) / 4}>; // [depth][columns / 4]

    ${entryPoint(
      threadsOf(tile),
      wgsl`
        ${interleaved ? `let product = group.y % ${interleaved.products}u;` : ""}
        ${sumsWgsl(sums, { row: `${rowTile} * ${rows}u`, quad: `group.x * ${columns / 4}u` })}

        // Store, row by row, what lies inside.
        ${unroll(tile.threadRows, (i) => storeRow(text, i))}
        ${text.leavesMoments ? storeRowMoments(tile) : ""}
      `,
    )}
  `;
}

function storeRow(text: TiledText, i: number): string {
  const { tile, gated, split, interleaved } = text;
  const resultRows = interleaved ? "sizes.result_rows" : "sizes.rows";
  const storeQuad = (j: number) => {
    const sums = gated ? `sum_${i}_${j}, sum_${i}_${j + 1}` : `sum_${i}_${j}`;
    const store = split
      ? `store_partial((group.z * ${resultRows} + row) * sizes.weight_quads + quad, ${sums});`
      : finished(text, i, j, `finish(row, ${gated ? "quad / 2u" : "quad"}, ${sums})`);
    return wgsl`
      {
        let quad = tile_quad + ${quadOf(text, j)};
        if (quad < sizes.weight_quads) { ${store} }
      }
    `;
  };
  const quads = tile.threadColumns / 4;
  const row = `tile_row + ${rowOf(text, i)}`;
  return wgsl`
    ${text.leavesMoments ? `var moments_${i}: Moments;` : ""}
    {
      let row = ${interleaved ? `result_row(${row}, product)` : row};
      if (row < ${resultRows}) {
        ${gated ? unroll(quads / 2, (pair) => storeQuad(2 * pair)) : unroll(quads, storeQuad)}
      }
    }
  `;
}

function finished({ leavesMoments }: TiledText, i: number, j: number, call: string): string {
  if (!leavesMoments) return `${call};`;
  return `moments_${i} = ${j === 0 ? call : `merge(moments_${i}, ${call})`};`;
}
