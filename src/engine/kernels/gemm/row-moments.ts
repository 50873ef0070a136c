// The moments of a product's result by row, for the layer norm that reads it: taken from the sums while they are still in
// registers, so that nothing is read again. A workgroup has a row's columns of one tile, and stores their mean and centred
// square sum; what normalises the rows merges the tiles (../linear/normalised-rows.ts). f32, by the rule of ../moments.ts.
import { range, unroll, wgsl } from "../../wgsl";
import { mergeWgsl } from "../moments";
import { type Epilogue, finishedWgsl } from "./epilogue";
import type { Tile } from "./tile";

/** Moments that lie in workgroup memory at one time: 2 KiB. */
const MOST_AT_ONCE = 256;

interface Shape {
  /** Threads that have columns of one row. */
  readonly columnThreads: number;
  /** Rows of the tile between two of a thread. */
  readonly step: number;
  /** Of a thread's rows, those that go through workgroup memory together. */
  readonly together: number;
  /** From one column of threads to the next, one more than rows, so that they are in different banks. */
  readonly pitch: number;
}

function shapeOf(tile: Tile): Shape {
  const columnThreads = tile.columns / tile.threadColumns;
  const step = tile.rows / tile.threadRows;
  // Each row is merged by a thread of its own, and there are step * columnThreads of them.
  const together = Math.min(tile.threadRows, columnThreads, Math.max(1, Math.floor(MOST_AT_ONCE / (columnThreads * step))));
  return { columnThreads, step, together, pitch: together * step + 1 };
}

/** `finish(row, quad, value)`, which stores four results as the epilogue says and returns their moments. Tiles lie wholly inside. */
export function finishWithMoments(epilogue: Epilogue, tile: Tile): string {
  const { columnThreads, pitch } = shapeOf(tile);
  return wgsl`
    ${finishedWgsl(epilogue)}

    ${mergeWgsl("f32")}

    var<workgroup> row_moments: array<vec2<f32>, ${columnThreads * pitch}>; // [column of threads][row]

    // Stores what becomes of four sums, and gives their moments.
    fn finish(row: u32, quad: u32, value: vec4<f32>) -> Moments {
      let result = finished(row, quad, value);
      store_y(row * sizes.output_quads + quad, result);
      let mean = dot(result, vec4<f32>(0.25));
      let deviation = result - mean;
      return Moments(4.0, mean, dot(deviation, deviation));
    }
  `;
}

/** After the results are stored: from `moments_i` of each thread and row to those of the tile, some rows at a time. */
export function storeRowMoments(tile: Tile): string {
  const { columnThreads, step, together, pitch } = shapeOf(tile);
  const firsts = range(tile.threadRows / together).map((index) => index * together);
  return firsts
    .map(
      (first) => wgsl`
        // The moments of ${together * step} rows, from all threads that have columns of them.
        ${unroll(
          together,
          (i) =>
            `row_moments[thread_column * ${pitch}u + ${i * step}u + thread_row] = vec2<f32>(moments_${first + i}.mean, moments_${first + i}.square);`,
        )}
        workgroupBarrier();
        if (thread < ${together * step}u && tile_row + ${first * step}u + thread < sizes.rows) {
          var moments = Moments(0.0, 0.0, 0.0);
          for (var column = 0u; column < ${columnThreads}u; column++) {
            let part = row_moments[column * ${pitch}u + thread];
            moments = merge(moments, Moments(${tile.threadColumns}.0, part.x, part.y));
          }
          store_moments(group.x * sizes.moments_stride + tile_row + ${first * step}u + thread, vec2<f32>(moments.mean, moments.square));
        }
        workgroupBarrier();
      `,
    )
    .join("\n");
}
