// The last kernel of a picture: NHWC values to packed RGBA8, red in the low byte (the
// memory order of ImageData). Alpha is 0 where a channel is not finite, so that a broken
// picture is seen by whoever reads it; there is no colour management here.
import type { Dispatch, Lowering } from "../../kernel";
import type { ToRgba } from "../../ops";
import { channelsOf, type Tensor } from "../../tensor";
import { wgsl } from "../../wgsl";
import type { Rows } from "../bands";
import { rowwise } from "../rowwise";

/** One invocation packs four neighbouring pixels: an output row is one line of the image. */
export function lowerToRgba(op: ToRgba, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x } = op.inputs;
  const width = channelsOf(output);
  const lines = ({ begin, end }: Rows): Rows => ({ begin: begin * width, end: end * width });
  return rowwise(
    {
      name: "to-rgba",
      output,
      streams: { x: { tensor: x, rows: lines } },
      sizes: { width },
      scalars: { scale: op.scale, shift: op.shift },
      declarations: RGBA,
      // Four pixels are the four channels of a row: past the line's end the last is packed again.
      body: wgsl`
        let first = row * sizes.width;
        let last = sizes.width - 1u;
        return vec4<u32>(
          rgba(first + channel),
          rgba(first + min(channel + 1u, last)),
          rgba(first + min(channel + 2u, last)),
          rgba(first + min(channel + 3u, last)),
        );
      `,
    },
    lowering,
  );
}

// WGSL may assume that no value is NaN or infinite, so finiteness is read off the exponent's bits.
const RGBA = wgsl`
  fn rgba(pixel: u32) -> u32 {
    let colour = read_x(pixel, 0u);
    let exponent = bitcast<vec3<u32>>(colour.xyz) & vec3<u32>(0x7f800000u);
    if (any(exponent == vec3<u32>(0x7f800000u))) { return 0u; }
    let level = clamp(colour.xyz * sizes.scale + sizes.shift, vec3<f32>(0.0), vec3<f32>(1.0));
    let byte = vec3<u32>(floor(level * 255.0 + 0.5));
    return byte.x | (byte.y << 8u) | (byte.z << 16u) | (255u << 24u);
  }
`;
