// Reading and writing one head's channels in packed projections, four at a time.
//
// A head lies in a row at `offset + head * headStride`. Where those and the head size are
// multiples of four, bindings count `vec4`s; otherwise they count scalars, and the last
// quad of a head is filled with zeros instead of its neighbour's channels.
import type { HeadLayout } from "../../ops";
import { strideOf, type Tensor } from "../../tensor";
import { range, wgsl } from "../../wgsl";

export type Lanes = 1 | 4;

export function lanesOf(headSize: number, { offset, headStride }: HeadLayout): Lanes {
  return headSize % 4 === 0 && offset % 4 === 0 && headStride % 4 === 0 ? 4 : 1;
}

/** Sizes of one packed tensor, in the units of its binding: `NAME_stride`, `NAME_offset`, `NAME_head`. */
export function headSizes(name: string, tensor: Tensor, headSize: number, layout: HeadLayout): Readonly<Record<string, number>> {
  const lanes = lanesOf(headSize, layout);
  return {
    [`${name}_stride`]: strideOf(tensor) / lanes,
    [`${name}_offset`]: layout.offset / lanes,
    [`${name}_head`]: layout.headStride / lanes,
  };
}

/**
 * `fn quad_NAME(row, head, quad) -> vec4<f32>`: channels `4 quad .. 4 quad + 3` of a head, zeros past its end.
 * Reads `headSizes`, besides `head_size` and `quads`. The binding has the same name, or another.
 */
export function quadReader(name: string, lanes: Lanes, binding = name): string {
  // What all of a workgroup's rows have in common stands by itself, so that it is worked out once.
  const start = `row * sizes.${name}_stride + (sizes.${name}_offset + head * sizes.${name}_head)`;
  const signature = `fn quad_${name}(row: u32, head: u32, quad: u32) -> vec4<f32>`;
  if (lanes === 4) return `${signature} { return load_${binding}(${start} + quad); }`;
  const component = (i: number): string => `select(0.0, load_${binding}(at + ${i}u), quad * 4u + ${i}u < sizes.head_size)`;
  return wgsl`
    ${signature} {
      let at = ${start} + quad * 4u;
      return vec4<f32>(${range(4).map(component).join(", ")});
    }
  `;
}

/**
 * `fn write_y(row, offset, head, quad, value)` into rows of `heads * headSize` channels after `offset` (0, or
 * one whole set of heads for a second branch). The last head also writes zeros into the row's padding.
 */
export function quadWriter(lanes: Lanes): string {
  const signature = "fn write_y(row: u32, offset: u32, head: u32, quad: u32, value: vec4<f32>)";
  if (lanes === 4) {
    return `${signature} { store_y(row * sizes.y_stride + offset + head * sizes.quads + quad, value); }`;
  }
  return wgsl`
    ${signature} {
      let channel = offset + head * sizes.head_size + quad * 4u;
      let at = row * sizes.y_stride + channel;
      for (var i = 0u; i < min(4u, sizes.head_size - quad * 4u); i++) { store_y(at + i, value[i]); }
      if (channel + min(4u, sizes.head_size - quad * 4u) == sizes.y_channels) {
        for (var i = sizes.y_channels; i < sizes.y_stride; i++) { store_y(row * sizes.y_stride + i, 0.0); }
      }
    }
  `;
}
