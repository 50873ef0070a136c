// Where a convolution's rows of A come from, on ../gemm: a row is an output pixel, a segment of the reduction is a tap.
// Coordinates are u32 and wrap: a tap left of or above the image becomes a huge number, so one comparison tests both
// sides. Outside the image the first pixel is read, and a zero taken instead.
import { unroll, wgsl } from "../../wgsl";
import type { DirectRows, RowSource, TiledRows } from "../gemm/source";

export function pixelSource(depth: number): RowSource {
  return { tiled: tiledPixels(depth, WALK), direct: DIRECT };
}

/** What differs between ways over an image, as WGSL expressions. */
export interface Walk {
  /** Which pixel of the result, or of an image that stands for it, a row is. */
  readonly pixel: (row: string) => string;
  readonly top: string;
  readonly left: string;
  /** Where a tap is in the weight. */
  readonly weightTap: string;
  /** Declares or assigns what depends on the tap besides `tap_row` and `tap_column`. */
  readonly place?: (declare: "var " | "") => string;
}

const WALK: Walk = { pixel: (row) => `${row} + sizes.row_offset`, top: "sizes.top", left: "sizes.left", weightTap: "tap" };

/**
 * The slice's tap, and its place there, are counted along, so that no slice divides by a size. The way from a row's first tap to another
 * is the same for all rows.
 */
export function tiledPixels(depth: number, { pixel, top, left, weightTap, place }: Walk): TiledRows {
  const placeOfTap = (declare: "var " | "") => wgsl`
    ${declare}tap_row = tap / sizes.kernel_width;
    ${declare}tap_column = tap % sizes.kernel_width;
    ${declare}tap_begin = (tap_row * sizes.width + tap_column) * sizes.quads;
    ${place?.(declare) ?? ""}
  `;
  return {
    // The coordinates of a row's first tap, and where that is.
    setup: (index, row) => wgsl`
      let pixel_${index} = ${pixel(row)};
      let place_${index} = pixel_${index} % sizes.output_pixels;
      let top_${index} = place_${index} / sizes.output_width * sizes.stride - ${top};
      let left_${index} = place_${index} % sizes.output_width * sizes.stride - ${left};
      let image_${index} = pixel_${index} / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
      let corner_${index} = (image_${index} + top_${index} * sizes.width + left_${index}) * sizes.quads;
    `,
    carried: (first) => wgsl`
      // The tap of the first slice, and the slice's place there.
      var tap = ${first} / sizes.slices_per_tap;
      var tap_slice = ${first} % sizes.slices_per_tap;
      ${placeOfTap("var ")}
    `,
    slice: wgsl`
      let slice_quad = tap_slice * ${depth / 4}u;
      let channel_quad = slice_quad + a_quad;
      let weight_row = 4u * (${weightTap} * sizes.quads + slice_quad);
    `,
    next: wgsl`
      tap_slice += 1u;
      if (tap_slice == sizes.slices_per_tap) {
        tap_slice = 0u;
        tap += 1u;
        ${placeOfTap("")}
      }
    `,
    read: (count) =>
      unroll(
        count,
        (i) => wgsl`
          let line_${i} = top_${i} + tap_row;
          let column_${i} = left_${i} + tap_column;
          let inside_${i} = line_${i} < sizes.height && column_${i} < sizes.width && channel_quad < sizes.quads;
          let read_${i} = load_x(select(0u, corner_${i} + tap_begin + channel_quad, inside_${i}));
        `,
      ),
  };
}

/** One text for images that are read at half the coordinates and for others, because each takes long to compile. */
const DIRECT: DirectRows = {
  known: ["top", "left", "image"],
  setup: wgsl`
    let pixel = row + sizes.row_offset;
    let place = pixel % sizes.output_pixels;
    top[i] = place / sizes.output_width * sizes.stride - sizes.top;
    left[i] = place % sizes.output_width * sizes.stride - sizes.left;
    image[i] = pixel / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  `,
  segments: "sizes.taps",
  segment: wgsl`
    let tap = segment;
    let segment_quads = sizes.quads;
    let weight_row = 4u * tap * sizes.quads;
    let tap_row = tap / sizes.kernel_width;
    let tap_column = tap % sizes.kernel_width;
  `,
  place: wgsl`
    let line = top[i] + tap_row;
    let column = left[i] + tap_column;
    inside[i] = line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings);
    at[i] = select(0u, (image[i] + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads, inside[i]);
  `,
  padded: true,
  read: (name, index) => `let ${name} = load_x(${index});`,
};
