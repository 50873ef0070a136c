// Kernels that compute each four channels of an output row from a few rows of their
// inputs: one invocation per output quad, banded over rows when a tensor is too large.
// A body defines `value(row, channel) -> vec4` and reads its streams by global row through
// generated accessors, so it never sees windows, strides or number formats.
import type { Binding, BindingElement, BufferSource, Dispatch, Kernel, Lowering } from "../kernel";
import { linearWorkgroups } from "../kernel";
import { rowsOf, strideOf, type Tensor } from "../tensor";
import { bandsOf, sourceOf, type Rows, type Stream } from "./bands";

/** A tensor read by row, bound in windows. */
export interface RowStream {
  readonly tensor: Tensor;
  /** Rows needed for a range of output rows; default: the same rows. */
  readonly rows?: (output: Rows) => Rows;
  /** Default true: `read_NAME` only ever starts at a multiple of four channels. */
  readonly aligned?: boolean;
}

/** A weight or a small tensor, bound whole. */
export interface Table {
  readonly source: BufferSource;
  readonly element: BindingElement;
  readonly lanes: 1 | 4;
}

export interface Rowwise {
  readonly name: string;
  readonly output: Tensor;
  readonly streams: Readonly<Record<string, RowStream>>;
  readonly tables?: Readonly<Record<string, Table>>;
  readonly sizes?: Readonly<Record<string, number>>;
  readonly scalars?: Readonly<Record<string, number>>;
  /** Defines `fn value(row: u32, channel: u32) -> vec4<f32>` (`vec4<u32>` for a u32 output). */
  readonly code: string;
}

const INVOCATIONS = 64;

export function rowwise(spec: Rowwise, { target }: Lowering): readonly Dispatch[] {
  const { output, tables = {} } = spec;
  const streams: Record<string, Stream> = { y: { tensor: output, rows: sameRows } };
  for (const [name, { tensor, rows = sameRows }] of Object.entries(spec.streams)) streams[name] = { tensor, rows };
  const bindings = rowwiseBindings(spec);
  const code = rowwiseCode(spec);
  const quads = strideOf(output) / 4;

  return bandsOf(rowsOf(output), streams, target).map(({ units, windows }) => {
    const sizes: Record<string, number> = { row: units.begin, count: (units.end - units.begin) * quads, quads };
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
      workgroups: linearWorkgroups(Math.ceil(((units.end - units.begin) * quads) / INVOCATIONS)),
      code,
    };
    return { kernel, buffers };
  });
}

export function sameRows(rows: Rows): Rows {
  return rows;
}

/** Rows of a tensor that holds one row for each `rowsPerItem` rows of the output. */
export function itemRows(rowsPerItem: number): (output: Rows) => Rows {
  return ({ begin, end }) => ({ begin: Math.floor(begin / rowsPerItem), end: Math.ceil(end / rowsPerItem) });
}

/** Every row of a tensor, whatever the band. */
export function allRows(tensor: Tensor): () => Rows {
  return () => ({ begin: 0, end: rowsOf(tensor) });
}

/** First row of the bound window, and elements between rows, as the accessors read them. */
export function streamSizes(name: string, tensor: Tensor, begin: number): Record<string, number> {
  return { [`${name}Row`]: begin, [`${name}Stride`]: strideOf(tensor) };
}

/**
 * `read_NAME(row, channel)`: four channels from `channel` on. Unaligned streams also get
 * `at_NAME(row, channel)`, and read past the end of a row as its last (padding) element.
 */
export function streamWgsl(name: string, aligned: boolean): string {
  const base = `(row - sizes.${name}Row) * sizes.${name}Stride`;
  if (aligned) {
    return `fn read_${name}(row: u32, channel: u32) -> vec4<f32> { return load_${name}((${base} + channel) >> 2u); }\n`;
  }
  return `fn at_${name}(row: u32, channel: u32) -> f32 { return load_${name}(${base} + min(channel, sizes.${name}Stride - 1u)); }
fn read_${name}(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_${name}(row, channel), at_${name}(row, channel + 1u), at_${name}(row, channel + 2u), at_${name}(row, channel + 3u));
}
`;
}

/** `read_joined(row, channel)` over two streams as one tensor, concatenated along channels at `sizes.seam`. */
export function joinedWgsl(first: string, second: string, aligned: boolean): string {
  if (aligned) {
    return `fn read_joined(row: u32, channel: u32) -> vec4<f32> {
  if (channel < sizes.seam) { return read_${first}(row, channel); }
  return read_${second}(row, channel - sizes.seam);
}
`;
  }
  return `fn at_joined(row: u32, channel: u32) -> f32 {
  if (channel < sizes.seam) { return at_${first}(row, channel); }
  return at_${second}(row, channel - sizes.seam);
}
fn read_joined(row: u32, channel: u32) -> vec4<f32> {
  return vec4<f32>(at_joined(row, channel), at_joined(row, channel + 1u), at_joined(row, channel + 2u), at_joined(row, channel + 3u));
}
`;
}

function rowwiseBindings({ output, streams, tables = {} }: Rowwise): readonly Binding[] {
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

function rowwiseCode({ streams, code }: Rowwise): string {
  return `${Object.entries(streams)
    .map(([name, { aligned = true }]) => streamWgsl(name, aligned))
    .join("")}${code}
@compute @workgroup_size(${INVOCATIONS})
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = flat_workgroup(id, count) * ${INVOCATIONS}u + lane;
  if (i >= sizes.count) { return; }
  let row = sizes.row + i / sizes.quads;
  store_y((row - sizes.yRow) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}
`;
}
