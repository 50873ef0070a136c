// WGSL of a matrix product without workgroup memory, for software adapters: each thread
// reads A and W itself and keeps a large block of sums in registers. Measured on two CPU
// rasterisers, barriers and workgroup memory cost more there than reading again: this form
// runs two to four times faster than the tiled one and compiles in a fifth of the time. Compiling is
// most of a first picture there, so what is done once a row, not once a product, is a loop and not unrolled.
import { entryPoint, range, unroll, wgsl } from "../../wgsl";
import type { DirectRows } from "./source";
import { threadsOf, type Tile } from "./tile";
import type { WeightLoad } from "./weight-load";

export interface DirectText {
  readonly tile: Tile;
  readonly source: DirectRows;
  readonly weight: WeightLoad;
  readonly gated: boolean;
  /** `finish` and what it needs. */
  readonly epilogue: string;
}

export function directWgsl({ tile, source, weight, gated, epilogue }: DirectText): string {
  const { threadRows, threadColumns } = tile;
  const threadQuads = threadColumns / 4;
  const columnThreads = tile.columns / threadColumns;
  const eachQuad = (text: (j: number) => string) => unroll(threadQuads, text);
  const eachRow = (text: (i: number) => string) => unroll(threadRows, text);
  const padded = (value: string, inside: string) => (source.padded ? `select(vec4<f32>(0.0), ${value}, ${inside})` : value);
  const inLoop = (text: string) => wgsl`for (var i = 0u; i < ${threadRows}u; i++) {
    ${text}
  }`;
  const sums = range(threadRows).flatMap((i) => range(threadQuads).map((j) => `sum_${i}_${j}`));
  return wgsl`
    ${[weight.functions, epilogue].filter((each) => each !== "").join("\n\n")}

    ${entryPoint(
      threadsOf(tile),
      wgsl`
        // This thread's block of results: rows of A, quads of W's columns. Past the end, the last are read again.
        let first_row = group.y * ${tile.rows}u + thread / ${columnThreads}u * ${threadRows}u;
        let first_quad = (group.x * ${columnThreads}u + thread % ${columnThreads}u) * ${threadQuads}u;
        ${eachQuad((j) => `let quad_${j} = min(first_quad + ${j}u, sizes.weight_quads - 1u);`)}
        ${source.known.map((name) => `var ${name}: array<u32, ${threadRows}>;`).join("\n")}
        ${inLoop(`let row = min(first_row + i, sizes.rows - 1u);\n${source.setup}`)}
        ${sums.map((sum) => `var ${sum} = vec4<f32>(0.0);`).join("\n")}

        for (var segment = 0u; segment < ${source.segments}; segment++) {
          // Find the segment in A and in W.
          ${source.segment}
          var at: array<u32, ${threadRows}>;
          ${source.padded ? `var inside: array<bool, ${threadRows}>;` : ""}
          ${inLoop(source.place)}
          ${eachRow((i) => `let at_${i} = at[${i}];${source.padded ? ` let inside_${i} = inside[${i}];` : ""}`)}
          for (var quad = 0u; quad < segment_quads; quad++) {
            // Read four rows of W: four columns at a time, a matrix.
            ${weight.fourRows(threadQuads)}
            ${eachQuad((j) => `let w_${j} = mat4x4<f32>(${joined(4, (k) => `w_${k}_${j}`)});`)}
            // Multiply them by four channels of each row of A.
            ${eachRow(
              (i) => wgsl`
                ${source.read(`a_${i}`, `at_${i} + quad`)}
                ${eachQuad((j) => `sum_${i}_${j} += w_${j} * ${padded(`a_${i}`, `inside_${i}`)};`)}
              `,
            )}
          }
        }

        // Finish and store, in a loop: an unrolled one compiles slowly.
        var sums = array<vec4<f32>, ${sums.length}>(${sums.join(", ")});
        for (var index = 0u; index < ${sums.length}u; index += ${gated ? 2 : 1}u) {
          let row = first_row + index / ${threadQuads}u;
          let quad = first_quad + index % ${threadQuads}u;
          if (row < sizes.rows && quad < sizes.weight_quads) {
            ${gated ? "finish(row, quad / 2u, sums[index], sums[index + 1u]);" : "finish(row, quad, sums[index]);"}
          }
        }
      `,
    )}
  `;
}

function joined(count: number, text: (index: number) => string): string {
  return range(count).map(text).join(", ");
}
