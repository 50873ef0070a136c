// Rows of a product that are layer-normalised on their way into its tile: (a - mean) * inverse * scale + shift, in f32.
// The moments of a row come from the product that computed it (../gemm/row-moments.ts), so the norm is no dispatch of its own.
import { invariant } from "../../../common/errors";
import type { Binding, Lowering } from "../../kernel";
import type { LayerNorm } from "../../ops";
import { channelsOf, strideOf } from "../../tensor";
import { wgsl } from "../../wgsl";
import type { RowNorm } from "../gemm/dispatch";
import type { TiledRows } from "../gemm/source";
import { threadsOf, type Tile } from "../gemm/tile";
import { mergeWgsl } from "../moments";

export function rowNorm({ inputs: { x }, weights, epsilon }: LayerNorm, lowering: Lowering): RowNorm {
  const { scale, shift } = weights;
  const moments = lowering.moments.get(x.id);
  invariant(moments !== undefined, "the product before a norm has left the moments of its rows");
  const weight = (name: string): Binding => ({ name, access: "read", element: "weight", lanes: 4 });
  return {
    bindings: [
      { name: "norm_moments", access: "read", element: "f32", lanes: 2 },
      ...(scale ? [weight("norm_scale")] : []),
      ...(shift ? [weight("norm_shift")] : []),
    ],
    buffers: {
      norm_moments: { tensor: moments.tensor },
      ...(scale ? { norm_scale: { weight: scale } } : {}),
      ...(shift ? { norm_shift: { weight: shift } } : {}),
    },
    sizes: {
      norm_channels: channelsOf(x),
      norm_parts: moments.parts,
      norm_part_channels: moments.channels,
      norm_stride: strideOf(moments.tensor) / 2,
    },
    scalars: { epsilon },
  };
}

/** Workgroup memory that a row of a tile takes to be normalised. */
export const ROW_FACTOR_BYTES = 8;

/** `rows`, of one tensor, with a norm applied to what they read. */
export function normalisedRows(rows: TiledRows, { weights: { scale, shift } }: LayerNorm, tile: Tile): TiledRows {
  const read = (i: number) => `read_${i} * factors_${i}.x + factors_${i}.y`;
  const scaled = (i: number) => (scale ? `(${read(i)}) * norm_scale` : read(i));
  return {
    declarations: wgsl`
      ${mergeWgsl("f32")}

      var<workgroup> row_factors: array<vec2<f32>, ${tile.rows}>;

      // What gives a row mean 0 and deviation 1: a factor and a summand.
      fn factors_of(row: u32) -> vec2<f32> {
        var moments = Moments(0.0, 0.0, 0.0);
        for (var part = 0u; part < sizes.norm_parts; part++) {
          let of_part = load_norm_moments(part * sizes.norm_stride + row);
          moments = merge(moments, Moments(f32(sizes.norm_part_channels), of_part.x, of_part.y));
        }
        let inverse = inverseSqrt(moments.square / f32(sizes.norm_channels) + sizes.epsilon);
        return vec2<f32>(inverse, -moments.mean * inverse);
      }
    `,
    begin: wgsl`
      // How the tile's rows are normalised.
      for (var row = thread; row < ${tile.rows}u; row += ${threadsOf(tile)}u) {
        row_factors[row] = factors_of(min(tile_row + row, sizes.rows - 1u));
      }
      workgroupBarrier();
    `,
    setup: (index, row) => wgsl`
      ${rows.setup(index, row)}
      let factors_${index} = row_factors[${row} - tile_row];
    `,
    slice: rows.slice,
    read: (count) => wgsl`
      ${rows.read(count)}
      ${scale ? "let norm_scale = load_norm_scale(read_quad);" : ""}
      ${shift ? "let norm_shift = load_norm_shift(read_quad);" : ""}
    `,
    entered: (i) => (shift ? `${scaled(i)} + norm_shift` : scaled(i)),
  };
}
