// A 3x3 convolution of an image at twice its size as four 2x2 convolutions of the image as it is, one for each place in a cell of two by
// two results. Of three lines of the large image that a result reads, two are one line of the small image: a tap's weight is the sum of
// one, two or four, and 4/9 of the multiply-adds are left. Weights are added up in float32 on their way in, whatever their format is:
// sums that are kept would take 16/9 of the memory, a LoRA would have to find its way into them, and float16 would round them again.
import { invariant } from "../../../common/errors";
import type { KernelTarget } from "../../kernel";
import type { Conv2d } from "../../ops";
import { axis, type Tensor } from "../../tensor";
import { wgsl } from "../../wgsl";
import type { Rows } from "../bands";
import type { Interleaved, RowSource, TiledRows } from "../gemm/source";
import { tiledPixels, type Walk } from "./pixels";

/** Products that a convolution becomes: the places in a cell. */
export const PHASES = 4;

/** Software adapters, whose invocations each read weights for themselves, would add them up again and again. */
export function computesInPhases({ upsample, kernel, stride, padding }: Conv2d, output: Tensor, target: KernelTarget): boolean {
  if (upsample === 1 || !target.traits.sharesThroughWorkgroupMemory) return false;
  const is3x3 = kernel[0] === 3 && kernel[1] === 3 && stride === 1 && padding.left === 1 && axis(output, 2) % 2 === 0;
  // Cells of several images are counted through. A strip, which may have any number of lines, is of one image.
  invariant(is3x3 && (axis(output, 0) === 1 || axis(output, 1) % 2 === 0), "what is upsampled is convolved 3x3");
  return true;
}

/** Of one image. */
export function cellsOf(output: Tensor): number {
  return Math.ceil(axis(output, 1) / 2) * Math.ceil(axis(output, 2) / 2);
}

/** Of a band of the result's rows: whole lines of cells, but that the last may be half there. */
export function cellsOfBand({ begin, end }: Rows, output: Tensor): number {
  const width = axis(output, 2);
  return (Math.ceil((end - begin) / (2 * width)) * width) / 2;
}

/** What takes the place of a convolution's own sizes. */
export function phaseSizes({ padding: { top } }: Conv2d, output: Tensor) {
  return {
    taps: 4,
    kernel_width: 2,
    stride: 1,
    // Of the first line in a cell. The second has one less if the padding is odd.
    top: ((top + 1) >> 1) >>> 0,
    top_parity: top & 1,
    output_width: axis(output, 2) / 2,
    output_pixels: cellsOf(output),
  };
}

export function phaseSource(depth: number): RowSource {
  return { tiled: tiledCells(depth), interleaved: INTERLEAVED };
}

const INTERLEAVED: Interleaved = {
  products: PHASES,
  resultRow: wgsl`
    // The pixel of the result that is a cell's at the product's place.
    fn result_row(cell: u32, product: u32) -> u32 {
      let line = 2u * (cell / sizes.output_width) + product / 2u;
      return 2u * (line * sizes.output_width + cell % sizes.output_width) + product % 2u;
    }
  `,
};

const PHASE = wgsl`
  // The product's place in a cell; which of its two taps has two of the weight's lines, or columns; and the padding of that place.
  let cell_line = product / 2u;
  let cell_column = product % 2u;
  let paired_row = cell_line ^ sizes.top_parity;
  let paired_column = 1u - cell_column;
  let padding_top = sizes.top - (cell_line & sizes.top_parity);
  let padding_left = 1u - cell_column;
`;

const WALK: Walk = {
  // Bands are whole lines of cells, and a cell is four rows of the result.
  pixel: (cell) => `${cell} + sizes.row_offset / 4u`,
  top: "padding_top",
  left: "padding_left",
  weightTap: "weight_tap",
  place: (declare) => wgsl`
    ${declare}weight_tap = 3u * (tap_row * (2u - paired_row)) + tap_column * (2u - paired_column);
    ${declare}below = u32(tap_row == paired_row);
    ${declare}beside = u32(tap_column == paired_column);
  `,
};

function tiledCells(depth: number): TiledRows {
  const rows = tiledPixels(depth, WALK);
  return {
    ...rows,
    begin: PHASE,
    slice: wgsl`
      ${rows.slice}
      // What is added to it. Where that is nothing, the same is read again, and counts for nothing.
      let row_below = weight_row + below * 12u * sizes.quads;
      let row_beside = weight_row + beside * 4u * sizes.quads;
      let row_across = row_below + row_beside - weight_row;
    `,
    addedRows: [
      { row: "row_below", factor: "f32(below)" },
      { row: "row_beside", factor: "f32(beside)" },
      { row: "row_across", factor: "f32(below * beside)" },
    ],
  };
}
