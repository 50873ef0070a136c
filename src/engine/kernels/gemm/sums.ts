// The sums of a matrix product's tile, as WGSL: what a workgroup does until each thread holds its results in registers.
// What becomes of them is its caller's: tiled.ts stores them, attention takes them for its queries.
//
// The reduction runs in slices of `depth` channels. For each, the workgroup copies A
// `[rows][depth]` and W `[depth][columns]` to workgroup memory, and each thread adds
// threadRows x threadColumns products per channel into named `vec4` accumulators
// (arrays of accumulators end up in thread memory on some drivers). The tiles are float32: a
// value is converted once on its way in, not once per thread that reads it. Where a conversion
// costs a target nothing, or it multiplies in float16, they stay float16; in the second case each
// slice is summed in it before it is added.
import { unroll, wgsl } from "../../wgsl";
import type { TiledRows } from "./source";
import { type Tile, threadsOf } from "./tile";
import type { WeightLoad } from "./weight-load";

/** A product whose slices follow the first one's, into the same sums. */
export interface FurtherText {
  readonly source: TiledRows;
  readonly weight: WeightLoad;
}

export interface SumsText extends FurtherText {
  readonly tile: Tile;
  readonly further?: FurtherText | undefined;
  /** Column quads alternate value, gate. */
  readonly gated: boolean;
  /** `group.z` says which part of the slices is summed. */
  readonly split: boolean;
  /** Tiles hold float16: half as many bytes are read from workgroup memory for a multiply-add. */
  readonly halfTiles: boolean;
  /**
   * With such tiles, a slice is multiplied and summed in float16 before it is added to the float32 sums. A sum
   * of `depth` terms loses about 2^-12 sqrt(depth / 2) of its size: 7e-4 for a depth of 16.
   */
  readonly half: boolean;
  /** Where the slices of A `[rows][depth / 4]` and of W `[depth][columns / 4]` lie in workgroup memory, by an index of `vec4`s. */
  readonly memory: { readonly a: (index: string) => string; readonly w: (index: string) => string };
}

/** Functions and workgroup memory that `sumsWgsl` needs, some of them empty. */
export function sumsDeclarations({ source, weight }: SumsText): readonly string[] {
  return [weight.functions, weight.rowFunction, source.declarations ?? ""];
}

/**
 * Declares `sum_I_J`: row `rowOf(I)` and column quad `quadOf(J)` of the tile that begins at `row` and `quad`. Ends with the
 * workgroup's memory free again. Reads the sizes `rows`, `weight_quads` and `slices`, besides the sources'.
 */
export function sumsWgsl(text: SumsText, begin: { readonly row: string; readonly quad: string }): string {
  const { tile, source, weight, further, split } = text;
  const { columns, depth, threadColumns } = tile;
  const threads = threadsOf(tile);
  const [depthQuads, columnQuads, columnThreads] = [depth / 4, columns / 4, columns / threadColumns];
  const loads = loadCounts(tile);
  const rowOfLoad = (load: number) => `min(tile_row + a_row + ${load * (threads / depthQuads)}u, sizes.rows - 1u)`;
  const weightRow = (load: number) => `w_row + ${(load * threads) / columnQuads}u`;
  return wgsl`
    // The workgroup's tile of results, and this thread's place in it.
    let tile_row = ${begin.row};
    let tile_quad = ${begin.quad};
    let thread_row = thread / ${columnThreads}u;
    let thread_column = thread % ${columnThreads}u;
    // What this thread copies of every slice. Past the end, the last rows and columns are read again.
    let a_quad = thread % ${depthQuads}u;
    let a_row = thread / ${depthQuads}u;
    let w_row = thread / ${columnQuads}u;
    let w_quad = min(tile_quad + thread % ${columnQuads}u, sizes.weight_quads - 1u);
    ${source.begin ?? ""}
    ${unroll(loads.a, (load) => source.setup(load, rowOfLoad(load)))}
    ${unroll(loads.w, (load) => weight.setup(load, weightRow(load), "w_quad"))}
    ${further ? unroll(loads.a, (load) => further.source.setup(load, rowOfLoad(load))) : ""}
    ${further ? unroll(loads.w, (load) => further.weight.setup(load, weightRow(load), "w_quad")) : ""}
    ${eachSum(tile, (name) => `var sum_${name} = vec4<f32>(0.0);`)}
    let first_slice = ${split ? "group.z * sizes.slices_per_part" : "0u"};
    let end_slice = ${split ? "min(first_slice + sizes.slices_per_part, sizes.slices)" : "sizes.slices"};
    ${eachSlice(text, text, "first_slice", further ? "min(end_slice, sizes.further_begin)" : "end_slice")}
    ${further ? furtherSlices(text, further) : ""}
  `;
}

/** Adds the products of some slices to the sums. */
function eachSlice(text: SumsText, { source, weight }: FurtherText, begin: string, end: string): string {
  const { tile, half } = text;
  const [threads, loads] = [threadsOf(tile), loadCounts(tile)];
  const { addedRows: added = [] } = source;
  return wgsl`
    ${source.carried?.(begin) ?? ""}

    for (var slice = ${begin}; slice < ${end}; slice++) {
      // Ask for the slice of A and of W, all of it, then copy it to workgroup memory.
      ${source.slice}
      ${source.read(loads.a)}
      ${unroll(loads.w, (load) => `let w_read_${load} = ${[weight.read(load), ...added.map(({ row, factor }) => `${factor} * ${weight.read(load, row)}`)].join("\n  + ")};`)}
      ${unroll(loads.a, (load) => `${text.memory.a(`thread + ${load * threads}u`)} = ${stored(text, `select(vec4<f32>(0.0), ${source.entered?.(load) ?? `read_${load}`}, inside_${load})`)};`)}
      ${copyW(text, loads.w)}
      workgroupBarrier();
      ${half ? `// The sums of this slice alone.\n${eachSum(tile, (name) => `var part_${name} = vec4<f16>(0.0);`)}` : ""}
      // Multiply: four rows of W, then every row of A against them.
      for (var quad = 0u; quad < ${tile.depth / 4}u; quad++) {
        ${multiply(text)}
      }
      ${half ? `// Add them in float32.\n${eachSum(tile, (name) => `sum_${name} += vec4<f32>(part_${name});`)}` : ""}
      ${source.next ?? ""}
      workgroupBarrier();
    }
  `;
}

function furtherSlices(text: SumsText, further: FurtherText): string {
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

function eachSum({ threadRows, threadColumns }: Tile, line: (name: string) => string): string {
  return unroll(threadRows, (i) => unroll(threadColumns / 4, (j) => line(`${i}_${j}`)));
}

function copyW(text: SumsText, loads: number): string {
  const { tile } = text;
  const [threads, total] = [threadsOf(tile), (tile.depth * tile.columns) / 4];
  const copies = unroll(loads, (load) => `${text.memory.w(`thread + ${load * threads}u`)} = ${stored(text, `w_read_${load}`)};`);
  return total >= threads ? copies : `if (thread < ${total}u) { ${copies} }`;
}

/** A value on its way into a tile. */
function stored({ halfTiles }: SumsText, value: string): string {
  return halfTiles ? `vec4<f16>(${value})` : value;
}

/** A value on its way out of a tile. */
function taken({ halfTiles, half }: SumsText, value: string): string {
  return halfTiles && !half ? `vec4<f32>(${value})` : value;
}

function multiply(text: SumsText): string {
  const [sum, vector] = text.half ? ["part", "vec4<f16>"] : ["sum", "vec4<f32>"];
  const { memory } = text;
  const { threadRows, threadColumns, columns, depth } = text.tile;
  const eachQuad = (line: (j: number) => string) => unroll(threadColumns / 4, line);
  return wgsl`
    ${unroll(4, (k) => eachQuad((j) => `let w_${k}_${j} = ${taken(text, memory.w(`(quad * 4u + ${k}u) * ${columns / 4}u + ${quadOf(text, j)}`))};`))}
    ${unroll(
      threadRows,
      (i) => wgsl`
        let a_${i} = ${taken(text, memory.a(`(${rowOf(text, i)}) * ${depth / 4}u + quad`))};
        ${unroll(4, (k) => eachQuad((j) => `${sum}_${i}_${j} = fma(${vector}(a_${i}[${k}]), w_${k}_${j}, ${sum}_${i}_${j});`))}
      `,
    )}
  `;
}

/** A thread's rows are spread over the tile, so that neighbouring threads read neighbouring rows. */
export function rowOf({ tile }: Pick<SumsText, "tile">, i: number): string {
  return `thread_row + ${i * (tile.rows / tile.threadRows)}u`;
}

/** Neighbouring threads hold neighbouring quads, except that a value stays with its gate. */
export function quadOf({ tile, gated }: Pick<SumsText, "tile" | "gated">, j: number): string {
  if (gated) return `${tile.threadColumns / 4}u * thread_column + ${j}u`;
  return `thread_column + ${j * (tile.columns / tile.threadColumns)}u`;
}
