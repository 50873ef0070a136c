// Reading and writing one head's channels in packed projections, four at a time.
//
// A head lies in a row at `offset + head * headStride`. Where those and the head size are
// multiples of four, bindings count `vec4`s; otherwise they count scalars, and the last
// quad of a head is filled with zeros instead of its neighbour's channels.
import type { HeadLayout } from "../../ops";
import { strideOf, type Tensor } from "../../tensor";

export type Lanes = 1 | 4;

export function lanesOf(headSize: number, { offset, headStride }: HeadLayout): Lanes {
  return headSize % 4 === 0 && offset % 4 === 0 && headStride % 4 === 0 ? 4 : 1;
}

/** Sizes of one packed tensor, in the units of its binding: `NAMEStride`, `NAMEOffset`, `NAMEHead`. */
export function headSizes(name: string, tensor: Tensor, headSize: number, layout: HeadLayout): Readonly<Record<string, number>> {
  const lanes = lanesOf(headSize, layout);
  return {
    [`${name}Stride`]: strideOf(tensor) / lanes,
    [`${name}Offset`]: layout.offset / lanes,
    [`${name}Head`]: layout.headStride / lanes,
  };
}

/**
 * `fn quad_BINDING(row, head, c) -> vec4<f32>`: channels `4c .. 4c + 3` of a head, zeros past its end.
 * `sizes` names the sizes it reads (`headSizes`), besides `headSize` and `quads`.
 */
export function quadReader(binding: string, sizes: string, lanes: Lanes): string {
  const start = `row * sizes.${sizes}Stride + sizes.${sizes}Offset + head * sizes.${sizes}Head`;
  const signature = `fn quad_${binding}(row: u32, head: u32, c: u32) -> vec4<f32>`;
  if (lanes === 4) return `${signature} { return load_${binding}(${start} + c); }\n`;
  const component = (i: number): string => `select(0.0, load_${binding}(at + ${i}u), c * 4u + ${i}u < sizes.headSize)`;
  return `${signature} {
  let at = ${start} + c * 4u;
  return vec4<f32>(${[0, 1, 2, 3].map(component).join(", ")});
}
`;
}

/**
 * `fn write_y(row, head, c, value)` into rows of `heads * headSize` channels after `offset` (0, or one
 * whole set of heads for a second branch). The last head also writes zeros into the row's padding.
 */
export function quadWriter(lanes: Lanes): string {
  const signature = "fn write_y(row: u32, offset: u32, head: u32, c: u32, value: vec4<f32>)";
  if (lanes === 4) {
    return `${signature} { store_y(row * sizes.yStride + offset + head * sizes.quads + c, value); }\n`;
  }
  return `${signature} {
  let channel = offset + head * sizes.headSize + c * 4u;
  let at = row * sizes.yStride + channel;
  for (var i = 0u; i < min(4u, sizes.headSize - c * 4u); i++) { store_y(at + i, value[i]); }
  if (channel + min(4u, sizes.headSize - c * 4u) == sizes.yChannels) {
    for (var i = sizes.yChannels; i < sizes.yStride; i++) { store_y(row * sizes.yStride + i, 0.0); }
  }
}
`;
}
