// WGSL of a tiled matrix product y[rows, columns] = epilogue(A[rows, k] W[k, columns]).
// Where A's values come from (rows of a matrix, pixels under a convolution's tap) is the
// caller's `TiledRows`; what becomes of a sum is the epilogue's. Sums are f32.
//
// The reduction runs in slices of `depth` channels. For each, the workgroup copies A
// `[rows][depth]` and W `[depth][columns]` to workgroup memory, and each thread adds
// threadRows x threadColumns products per channel into named `vec4` accumulators
// (arrays of accumulators end up in thread memory on some drivers). The tiles are float32: a
// value is converted once on its way in, not once per thread that reads it. Where the target
// multiplies in float16 they stay float16, and each slice is summed in it before it is added.
import { entryPoint, unroll, wgsl } from "../../wgsl";
import { storeRowMoments } from "./row-moments";
import type { TiledRows } from "./source";
import { type Tile, threadsOf } from "./tile";
import type { WeightLoad } from "./weight-load";

/** A product whose slices follow the first one's, into the same sums. */
export interface FurtherText {
  readonly source: TiledRows;
  readonly weight: WeightLoad;
}

export interface TiledText {
  readonly tile: Tile;
  readonly source: TiledRows;
  readonly weight: WeightLoad;
  readonly further?: FurtherText | undefined;
  readonly gated: boolean;
  /** `finish` and what it needs; with split reductions partial sums are stored instead. */
  readonly epilogue: string;
  readonly split: boolean;
  /** The moments of the result's rows are stored beside it: `finish` returns those of four values. */
  readonly leavesMoments: boolean;
  /**
   * Tiles hold float16, and a slice is multiplied and summed in it before it is added to the float32 sums. A sum
   * of `depth` terms loses about 2^-12 sqrt(depth / 2) of its size: 7e-4 for a depth of 16.
   */
  readonly half: boolean;
}

export function tiledWgsl(text: TiledText): string {
  const { tile, source, further, split, half } = text;
  const declarations = [text.weight.functions, text.weight.rowFunction, text.epilogue, source.declarations ?? ""]
    .filter((each) => each !== "")
    .join("\n\n");
  const { rows, columns, depth, threadRows, threadColumns } = tile;
  const threads = threadsOf(tile);
  const [depthQuads, columnQuads, columnThreads] = [depth / 4, columns / 4, columns / threadColumns];
  const loads = loadCounts(tile);
  const tiled = half ? "vec4<f16>" : "vec4<f32>";
  const rowOfLoad = (load: number) => `min(tile_row + a_row + ${load * (threads / depthQuads)}u, sizes.rows - 1u)`;
  return wgsl`
    ${declarations}

    var<workgroup> a_tile: array<${tiled}, ${rows * depthQuads}>; // [rows][depth / 4]
    var<workgroup> w_tile: array<${tiled}, ${depth * columnQuads}>; // [depth][columns / 4]

    ${entryPoint(
      threads,
      wgsl`
        // The workgroup's tile of results, and this thread's place in it.
        let tile_row = group.y * ${rows}u;
        let tile_quad = group.x * ${columnQuads}u;
        let thread_row = thread / ${columnThreads}u;
        let thread_column = thread % ${columnThreads}u;
        // What this thread copies of every slice. Past the end, the last rows and columns are read again.
        let a_quad = thread % ${depthQuads}u;
        let a_row = thread / ${depthQuads}u;
        let w_row = thread / ${columnQuads}u;
        let w_quad = min(tile_quad + thread % ${columnQuads}u, sizes.weight_quads - 1u);
        ${source.begin ?? ""}
        ${unroll(loads.a, (load) => source.setup(load, rowOfLoad(load)))}
        ${further ? unroll(loads.a, (load) => further.source.setup(load, rowOfLoad(load))) : ""}
        ${eachSum(tile, (name) => `var sum_${name} = vec4<f32>(0.0);`)}
        let first_slice = ${split ? "group.z * sizes.slices_per_part" : "0u"};
        let end_slice = ${split ? "min(first_slice + sizes.slices_per_part, sizes.slices)" : "sizes.slices"};

        ${further ? eachSlice(text, text, "first_slice", "min(end_slice, sizes.further_begin)") : eachSlice(text, text, "first_slice", "end_slice")}
        ${further ? furtherSlices(text, further) : ""}

        // Store, row by row, what lies inside.
        ${unroll(threadRows, (i) => storeRow(text, i))}
        ${text.leavesMoments ? storeRowMoments(tile) : ""}
      `,
    )}
  `;
}

/** Adds the products of some slices to the sums. */
function eachSlice(text: TiledText, { source, weight }: FurtherText, begin: string, end: string): string {
  const { tile, half } = text;
  const [threads, loads] = [threadsOf(tile), loadCounts(tile)];
  return wgsl`
    for (var slice = ${begin}; slice < ${end}; slice++) {
      // Ask for the slice of A and of W, all of it, then copy it to workgroup memory.
      ${source.slice}
      ${source.read(loads.a)}
      ${unroll(loads.w, (load) => readW(tile, weight, load))}
      ${unroll(loads.a, (load) => `a_tile[thread + ${load * threads}u] = ${stored(text, `select(vec4<f32>(0.0), ${source.entered?.(load) ?? `read_${load}`}, inside_${load})`)};`)}
      ${copyW(text, loads.w)}
      workgroupBarrier();
      ${half ? `// The sums of this slice alone.\n${eachSum(tile, (name) => `var part_${name} = vec4<f16>(0.0);`)}` : ""}
      // Multiply: four rows of W, then every row of A against them.
      for (var quad = 0u; quad < ${tile.depth / 4}u; quad++) {
        ${multiply(text)}
      }
      ${half ? `// Add them in float32.\n${eachSum(tile, (name) => `sum_${name} += vec4<f32>(part_${name});`)}` : ""}
      workgroupBarrier();
    }
  `;
}

function furtherSlices(text: TiledText, further: FurtherText): string {
  return wgsl`
    // The further product, the same way.
    let first_further = max(first_slice, sizes.further_begin) - sizes.further_begin;
    let end_further = max(end_slice, sizes.further_begin) - sizes.further_begin;
    ${eachSlice(text, further, "first_further", "end_further")}
  `;
}

/** `vec4`s of A and of W each thread copies per slice. */
function loadCounts(tile: Tile): { readonly a: number; readonly w: number } {
  const threads = threadsOf(tile);
  return { a: (tile.rows * tile.depth) / 4 / threads, w: Math.max(1, (tile.depth * tile.columns) / 4 / threads) };
}

function readW(tile: Tile, weight: WeightLoad, load: number): string {
  return `let w_read_${load} = ${weight.row(`weight_row + w_row + ${(load * threadsOf(tile) * 4) / tile.columns}u`, "w_quad")};`;
}

function eachSum({ threadRows, threadColumns }: Tile, line: (name: string) => string): string {
  return unroll(threadRows, (i) => unroll(threadColumns / 4, (j) => line(`${i}_${j}`)));
}

function copyW(text: TiledText, loads: number): string {
  const { tile } = text;
  const [threads, total] = [threadsOf(tile), (tile.depth * tile.columns) / 4];
  const copies = unroll(loads, (load) => `w_tile[thread + ${load * threads}u] = ${stored(text, `w_read_${load}`)};`);
  return total >= threads ? copies : `if (thread < ${total}u) { ${copies} }`;
}

/** A value on its way into a tile. */
function stored({ half }: TiledText, value: string): string {
  return half ? `vec4<f16>(${value})` : value;
}

function multiply(text: TiledText): string {
  const [sum, vector] = text.half ? ["part", "vec4<f16>"] : ["sum", "vec4<f32>"];
  const { threadRows, threadColumns, columns, depth } = text.tile;
  const eachQuad = (line: (j: number) => string) => unroll(threadColumns / 4, line);
  return wgsl`
    ${unroll(4, (k) => eachQuad((j) => `let w_${k}_${j} = w_tile[(quad * 4u + ${k}u) * ${columns / 4}u + ${quadOf(text, j)}];`))}
    ${unroll(
      threadRows,
      (i) => wgsl`
        let a_${i} = a_tile[(${rowOf(text, i)}) * ${depth / 4}u + quad];
        ${unroll(4, (k) => eachQuad((j) => `${sum}_${i}_${j} = fma(${vector}(a_${i}[${k}]), w_${k}_${j}, ${sum}_${i}_${j});`))}
      `,
    )}
  `;
}

function storeRow(text: TiledText, i: number): string {
  const { tile, gated, split } = text;
  const storeQuad = (j: number) => {
    const sums = gated ? `sum_${i}_${j}, sum_${i}_${j + 1}` : `sum_${i}_${j}`;
    const store = split
      ? `store_partial((group.z * sizes.rows + row) * sizes.weight_quads + quad, ${sums});`
      : finished(text, i, j, `finish(row, ${gated ? "quad / 2u" : "quad"}, ${sums})`);
    return wgsl`
      {
        let quad = tile_quad + ${quadOf(text, j)};
        if (quad < sizes.weight_quads) { ${store} }
      }
    `;
  };
  const quads = tile.threadColumns / 4;
  return wgsl`
    ${text.leavesMoments ? `var moments_${i}: Moments;` : ""}
    {
      let row = tile_row + ${rowOf(text, i)};
      if (row < sizes.rows) {
        ${gated ? unroll(quads / 2, (pair) => storeQuad(2 * pair)) : unroll(quads, storeQuad)}
      }
    }
  `;
}

function finished({ leavesMoments }: TiledText, i: number, j: number, call: string): string {
  if (!leavesMoments) return `${call};`;
  return `moments_${i} = ${j === 0 ? call : `merge(moments_${i}, ${call})`};`;
}

/** A thread's rows are spread over the tile, so that neighbouring threads read neighbouring rows. */
function rowOf({ tile }: TiledText, i: number): string {
  return `thread_row + ${i * (tile.rows / tile.threadRows)}u`;
}

/** Neighbouring threads hold neighbouring quads, except that a value stays with its gate. */
function quadOf({ tile, gated }: TiledText, j: number): string {
  if (gated) return `${tile.threadColumns / 4}u * thread_column + ${j}u`;
  return `thread_column + ${j * (tile.columns / tile.threadColumns)}u`;
}
