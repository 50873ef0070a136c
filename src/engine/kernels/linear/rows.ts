// Where a linear's rows come from, on ../gemm: one tensor, or two side by side along channels. The first of two must have a
// multiple of four channels, so that both begin on a quad of the weight.
import { unroll, wgsl } from "../../wgsl";
import type { DirectRows, RowSource } from "../gemm/source";

const ROWS: Pick<DirectRows, "known" | "setup" | "place" | "padded"> = {
  known: ["rows"],
  setup: "rows[i] = row;",
  place: "at[i] = rows[i] * segment_quads;",
  padded: false,
};

/** `x` names its binding and, before `_quads`, its size. */
export function oneSource(depth: number, x = "x"): RowSource {
  const setup = (index: number, row: string) => `let base_${index} = (${row}) * sizes.${x}_quads;`;
  return {
    tiled: {
      setup,
      slice: wgsl`
        let channel_quad = slice * ${depth / 4}u + a_quad;
        let weight_row = slice * ${depth}u;
        let inside = channel_quad < sizes.${x}_quads;
        let read_quad = min(channel_quad, sizes.${x}_quads - 1u);
      `,
      read: (count) => wgsl`
        ${unroll(count, (i) => `let inside_${i} = inside;`)}
        ${unroll(count, (i) => `let read_${i} = load_${x}(base_${i} + read_quad);`)}
      `,
    },
    direct: {
      ...ROWS,
      segments: "1u",
      segment: wgsl`
        let segment_quads = sizes.${x}_quads;
        let weight_row = 0u;
      `,
      read: (name, index) => `let ${name} = load_${x}(${index});`,
    },
  };
}

/** The same of two; before `_slices` the first also names how many slices it has. */
export function twoSources(depth: number, x = "x", second = "second"): RowSource {
  const setup = (index: number, row: string) => `let row_${index} = ${row};`;
  return {
    tiled: {
      setup,
      slice: wgsl`
        let in_second = slice >= sizes.${x}_slices;
        let slice_quad = select(slice, slice - sizes.${x}_slices, in_second) * ${depth / 4}u;
        let channel_quad = slice_quad + a_quad;
        let weight_row = 4u * (slice_quad + select(0u, sizes.${x}_quads, in_second));
      `,
      read: (count) => wgsl`
        let source_quads = select(sizes.${x}_quads, sizes.${second}_quads, in_second);
        let read_quad = min(channel_quad, source_quads - 1u);
        ${unroll(count, (i) => `let inside_${i} = channel_quad < source_quads;\nvar read_${i}: vec4<f32>;`)}
        if (in_second) {
          ${unroll(count, (i) => `read_${i} = load_${second}(row_${i} * sizes.${second}_quads + read_quad);`)}
        } else {
          ${unroll(count, (i) => `read_${i} = load_${x}(row_${i} * sizes.${x}_quads + read_quad);`)}
        }
      `,
    },
    direct: {
      ...ROWS,
      segments: "2u",
      segment: wgsl`
        let in_second = segment == 1u;
        let segment_quads = select(sizes.${x}_quads, sizes.${second}_quads, in_second);
        let weight_row = select(0u, 4u * sizes.${x}_quads, in_second);
      `,
      read: (name, index) => wgsl`
        var ${name}: vec4<f32>;
        if (in_second) { ${name} = load_${second}(${index}); } else { ${name} = load_${x}(${index}); }
      `,
    },
  };
}
