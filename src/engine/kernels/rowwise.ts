// Kernels that compute four channels of an output row from a few rows of their inputs, with one
// invocation for each quad of the output. A caller writes the body of a function that returns the four
// channels at `row` and `channel`. Everything else is done here: indexing, number formats, padding, and
// bands of rows where a tensor is larger than a binding. For example, this is the whole of y = x + b:
//
//   rowwise({ name: "add", output, streams: { x: { tensor: x }, b: { tensor: b } },
//     body: "return read_x(row, channel) + read_b(row, channel);" }, lowering)
//
// Of the ops, these are row-wise: activate, binary, scale-channels, scale-shift, gated-add,
// gated-activation, add-table, table-tokens, combine (elementwise); concat, slice, gather-row,
// unpatchify (rearrange); resize-nearest, average-pool (resample); embedding; to-rgba; and the
// last pass of group-norm. What reduces over a row (norms, attention, products) is not.
import {
  linearWorkgroups,
  type Binding,
  type BindingElement,
  type BufferSource,
  type Dispatch,
  type Kernel,
  type Lowering,
} from "../kernel";
import { rowsOf, strideOf, type Tensor } from "../tensor";
import { linearEntryPoint, wgsl } from "../wgsl";
import { bandsOf, sourceOf, type Rows, type Stream } from "./bands";
import { sameRows, streamSizes, streamWgsl } from "./streams";

/** A tensor the body reads by its row: `read_NAME(row, channel)` gives four channels from `channel` on. */
export interface RowStream {
  readonly tensor: Tensor;
  /** Rows needed for a range of output rows; default: the same rows. */
  readonly rows?: (output: Rows) => Rows;
  /** Default true: `read_NAME` only ever starts at a multiple of four channels. */
  readonly aligned?: boolean;
}

/** A weight or a small tensor, bound whole: `load_NAME(index)`, in units of `lanes` elements. */
export interface Table {
  readonly source: BufferSource;
  readonly element: BindingElement;
  readonly lanes: 1 | 4;
}

export interface Rowwise {
  /** For profiles and messages. */
  readonly name: string;
  readonly output: Tensor;
  readonly streams: Readonly<Record<string, RowStream>>;
  readonly tables?: Readonly<Record<string, Table>>;
  /** u32 values the body reads as `sizes.NAME`. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** f32 values the body reads as `sizes.NAME`. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** WGSL functions the body calls. */
  readonly declarations?: string;
  /** WGSL statements that return channels `channel .. channel + 3` of output row `row`: a `vec4<f32>`, or `vec4<u32>` for a u32 output. */
  readonly body: string;
}

const THREADS = 64;

export function rowwise(spec: Rowwise, { target }: Lowering): readonly Dispatch[] {
  const { output, tables = {} } = spec;
  const streams: Record<string, Stream> = { y: { tensor: output, rows: sameRows } };
  for (const [name, { tensor, rows = sameRows }] of Object.entries(spec.streams)) streams[name] = { tensor, rows };
  const bindings = bindingsOf(spec);
  const code = codeOf(spec);
  const quads = strideOf(output) / 4;

  return bandsOf(rowsOf(output), streams, target).map(({ units, windows }) => {
    const count = (units.end - units.begin) * quads;
    const sizes: Record<string, number> = { first_row: units.begin, count, quads };
    const buffers: Record<string, BufferSource> = {};
    for (const [name, window] of Object.entries(windows)) {
      Object.assign(sizes, streamSizes(name, window.tensor, window.begin));
      buffers[name] = sourceOf(window);
    }
    for (const [name, { source }] of Object.entries(tables)) buffers[name] = source;
    const kernel: Kernel = {
      name: spec.name,
      bindings,
      sizes: { ...sizes, ...spec.sizes },
      ...(spec.scalars ? { scalars: spec.scalars } : {}),
      workgroups: linearWorkgroups(Math.ceil(count / THREADS)),
      code,
    };
    return { kernel, buffers };
  });
}

function bindingsOf({ output, streams, tables = {} }: Rowwise): readonly Binding[] {
  return [
    ...Object.entries(streams).map(([name, { tensor, aligned = true }]): Binding => ({
      name,
      access: "read",
      element: tensor.element,
      lanes: aligned ? 4 : 1,
    })),
    ...Object.entries(tables).map(([name, { element, lanes }]): Binding => ({ name, access: "read", element, lanes })),
    { name: "y", access: "write", element: output.element, lanes: 4 },
  ];
}

function codeOf({ output, streams, declarations = "", body }: Rowwise): string {
  return wgsl`
    ${Object.entries(streams)
      .map(([name, { aligned = true }]) => streamWgsl(name, aligned))
      .join("\n")}
    ${declarations}

    // The op itself: four channels of an output row.
    fn value(row: u32, channel: u32) -> vec4<${output.element === "u32" ? "u32" : "f32"}> {
      ${body}
    }

    ${linearEntryPoint(
      THREADS,
      wgsl`
        // This thread's row of the band, and quad of the row.
        let i = flat_group * ${THREADS}u + thread;
        if (i >= sizes.count) { return; }
        let row = sizes.first_row + i / sizes.quads;
        store_y((row - sizes.y_row) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
      `,
    )}
  `;
}
