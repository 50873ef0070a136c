// WGSL of a tiled matrix product y[rows, columns] = epilogue(A[rows, k] W[k, columns]).
// Where A's values come from (rows of a matrix, pixels under a convolution's tap) is the
// caller's `RowSource`; what becomes of a sum is the epilogue's. Sums are f32 throughout.
//
// The reduction runs in slices of `depth` channels. For each, the workgroup copies A
// `[rows][depth]` and W `[depth][columns]` to workgroup memory, and each thread adds
// threadRows x threadColumns products per channel into named `vec4` accumulators
// (arrays of accumulators end up in thread memory on some drivers). The tiles are float32 in
// every format: a value is converted once on its way in, not once per thread that reads it.
import type { RowSource } from "./source";
import { lines, numbers } from "./text";
import { type Tile, threadsOf } from "./tile";

export interface TiledText {
  readonly tile: Tile;
  readonly source: RowSource;
  readonly gated: boolean;
  /** `finish` and what it needs; with split reductions partial sums are stored instead. */
  readonly epilogue: string;
  readonly split: boolean;
}

export function tiledWgsl({ tile, source, gated, epilogue, split }: TiledText): string {
  const { rows, columns, depth, threadRows, threadColumns } = tile;
  const threads = threadsOf(tile);
  const [depthQuads, columnQuads, threadQuads] = [depth / 4, columns / 4, threadColumns / 4];
  const [rowThreads, columnThreads] = [rows / threadRows, columns / threadColumns];
  const loads = loadCounts(tile);
  // Neighbouring threads hold neighbouring quads, except that a value stays with its gate.
  const quadOf = (j: number) => (gated ? `${threadQuads}u * thread_column + ${j}u` : `thread_column + ${j * columnThreads}u`);
  const rowOf = (i: number) => `thread_row + ${i * rowThreads}u`;
  return `${epilogue}
var<workgroup> a_tile: array<vec4<f32>, ${rows * depthQuads}>; // [rows][depth / 4]
var<workgroup> w_tile: array<vec4<f32>, ${depth * columnQuads}>; // [depth][columns / 4]

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let tile_row = group.y * ${rows}u;
  let tile_quad = group.x * ${columnQuads}u;
  let thread_row = thread / ${columnThreads}u;
  let thread_column = thread % ${columnThreads}u;
  let a_quad = thread % ${depthQuads}u;
  let a_row = thread / ${depthQuads}u;
  let w_row = thread / ${columnQuads}u;
  let w_quad = min(tile_quad + thread % ${columnQuads}u, sizes.weightQuads - 1u);
${lines(numbers(loads.a), (load) => source.setup(load, `min(tile_row + a_row + ${load * (threads / depthQuads)}u, sizes.rows - 1u)`))}
${lines(numbers(threadRows), (i) =>
  numbers(threadQuads)
    .map((j) => `  var sum_${i}_${j} = vec4<f32>(0.0);`)
    .join("\n"),
)}
  ${
    split
      ? "let first = group.z * sizes.slicesPerPart;\n  let last = min(first + sizes.slicesPerPart, sizes.slices);"
      : "let first = 0u;\n  let last = sizes.slices;"
  }
  for (var slice = first; slice < last; slice++) {
${source.slice}
${lines(numbers(loads.a), (load) => `    { var value = vec4<f32>(0.0); ${source.read(load)} a_tile[thread + ${load * threads}u] = value; }`)}
${guarded(
  depth * columnQuads < threads ? `thread < ${depth * columnQuads}u` : "",
  lines(
    numbers(loads.w),
    (load) =>
      `    w_tile[thread + ${load * threads}u] = load_weight((weight_row + w_row + ${load * (threads / columnQuads)}u) * sizes.weightQuads + w_quad);`,
  ),
)}
    workgroupBarrier();
    for (var quad = 0u; quad < ${depthQuads}u; quad++) {
${lines(numbers(4), (k) =>
  numbers(threadQuads)
    .map((j) => `      let w_${k}_${j} = w_tile[(quad * 4u + ${k}u) * ${columnQuads}u + ${quadOf(j)}];`)
    .join("\n"),
)}
${lines(
  numbers(threadRows),
  (i) => `      let a_${i} = a_tile[(${rowOf(i)}) * ${depthQuads}u + quad];
${lines(numbers(4), (k) => lines(numbers(threadQuads), (j) => `      sum_${i}_${j} = fma(vec4<f32>(a_${i}[${k}]), w_${k}_${j}, sum_${i}_${j});`))}`,
)}
    }
    workgroupBarrier();
  }
${stores()}
}
`;

  function stores(): string {
    return lines(numbers(threadRows), (i) => {
      const results = numbers(gated ? threadQuads / 2 : threadQuads).map((j) => {
        const sums = gated ? `sum_${i}_${2 * j}, sum_${i}_${2 * j + 1}` : `sum_${i}_${j}`;
        return storeOne(`tile_quad + ${quadOf(gated ? 2 * j : j)}`, sums);
      });
      return `  { let row = tile_row + ${rowOf(i)};\n  if (row < sizes.rows) {\n${results.join("\n")}\n  } }`;
    });
  }

  function storeOne(quad: string, sums: string): string {
    const store = split
      ? `store_partial((group.z * sizes.rows + row) * sizes.weightQuads + quad, ${sums});`
      : `finish(row, ${gated ? "quad / 2u" : "quad"}, ${sums});`;
    return `    { let quad = ${quad}; if (quad < sizes.weightQuads) { ${store} } }`;
  }
}

/** `vec4`s of A and of W each thread copies per slice. */
function loadCounts(tile: Tile): { readonly a: number; readonly w: number } {
  const threads = threadsOf(tile);
  return { a: (tile.rows * tile.depth) / 4 / threads, w: Math.max(1, (tile.depth * tile.columns) / 4 / threads) };
}

function guarded(condition: string, body: string): string {
  return condition === "" ? body : `    if (${condition}) {\n${body}\n    }`;
}
