// Tensors that a kernel reads by row, through windows: which rows a range of output rows needs,
// and the WGSL that reads one by its global row, whatever window of it is bound.
import { rowsOf, strideOf, type Tensor } from "../tensor";
import { range, wgsl } from "../wgsl";
import type { Rows } from "./bands";

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

/** First row of the bound window, and elements between rows, as `streamWgsl` reads them. */
export function streamSizes(name: string, tensor: Tensor, begin: number): Record<string, number> {
  return { [`${name}_row`]: begin, [`${name}_stride`]: strideOf(tensor) };
}

/**
 * `read_NAME(row, channel)`: four channels from `channel` on. Unaligned streams also get
 * `at_NAME(row, channel)`, and read past the end of a row as its last (padding) element.
 */
export function streamWgsl(name: string, aligned: boolean): string {
  const base = `(row - sizes.${name}_row) * sizes.${name}_stride`;
  if (aligned) {
    return `fn read_${name}(row: u32, channel: u32) -> vec4<f32> { return load_${name}((${base} + channel) >> 2u); }`;
  }
  return wgsl`
    fn at_${name}(row: u32, channel: u32) -> f32 { return load_${name}(${base} + min(channel, sizes.${name}_stride - 1u)); }
    ${fourAt(name)}
  `;
}

/** `read_joined(row, channel)` over two streams as one tensor, concatenated along channels at `sizes.seam`. */
export function joinedWgsl(first: string, second: string, aligned: boolean): string {
  const [read, type] = aligned ? ["read", "vec4<f32>"] : ["at", "f32"];
  return wgsl`
    fn ${read}_joined(row: u32, channel: u32) -> ${type} {
      if (channel < sizes.seam) { return ${read}_${first}(row, channel); }
      return ${read}_${second}(row, channel - sizes.seam);
    }
    ${aligned ? "" : fourAt("joined")}
  `;
}

function fourAt(name: string): string {
  const channels = range(4).map((i) => `at_${name}(row, channel${i > 0 ? ` + ${i}u` : ""})`);
  return wgsl`
    fn read_${name}(row: u32, channel: u32) -> vec4<f32> {
      return vec4<f32>(${channels.join(", ")});
    }
  `;
}
