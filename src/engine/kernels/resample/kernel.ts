// Nearest-neighbour resize and 2x2 mean over NHWC images. Not bilinear, no antialiasing:
// the networks use nothing else.
import type { Dispatch, Lowering } from "../../kernel";
import type { AveragePool, ResizeNearest } from "../../ops";
import { axis, type Tensor } from "../../tensor";
import { wgsl } from "../../wgsl";
import type { Rows } from "../bands";
import { rowwise } from "../rowwise";

/** torch's "nearest": source index floor(i * in / out), exact in integers. */
export function lowerResizeNearest(op: ResizeNearest, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x } = op.inputs;
  const size = { in_height: axis(x, 1), in_width: axis(x, 2), height: axis(output, 1), width: axis(output, 2) };
  const sourceLine = (line: number) =>
    Math.floor(line / size.height) * size.in_height + Math.floor(((line % size.height) * size.in_height) / size.height);
  return rowwise(
    {
      name: "resize-nearest",
      output,
      streams: { x: { tensor: x, rows: pixelRows(size.width, size.in_width, sourceLine, 1) } },
      sizes: size,
      body: wgsl`
        let line = row / sizes.width;
        let item = line / sizes.height;
        let i = ((line % sizes.height) * sizes.in_height) / sizes.height;
        let j = ((row % sizes.width) * sizes.in_width) / sizes.width;
        return read_x((item * sizes.in_height + i) * sizes.in_width + j, channel);
      `,
    },
    lowering,
  );
}

/** An odd last row or column is left out, as torch does. */
export function lowerAveragePool(op: AveragePool, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x } = op.inputs;
  const size = { in_height: axis(x, 1), in_width: axis(x, 2), height: axis(output, 1), width: axis(output, 2) };
  const sourceLine = (line: number) => Math.floor(line / size.height) * size.in_height + 2 * (line % size.height);
  return rowwise(
    {
      name: "average-pool",
      output,
      streams: { x: { tensor: x, rows: pixelRows(size.width, size.in_width, sourceLine, 2) } },
      sizes: size,
      body: wgsl`
        let line = row / sizes.width;
        let item = line / sizes.height;
        let first = (item * sizes.in_height + 2u * (line % sizes.height)) * sizes.in_width + 2u * (row % sizes.width);
        let upper = read_x(first, channel) + read_x(first + 1u, channel);
        let lower = read_x(first + sizes.in_width, channel) + read_x(first + sizes.in_width + 1u, channel);
        return 0.25 * (upper + lower);
      `,
    },
    lowering,
  );
}

/** Input pixels behind a run of output pixels: whole lines, from the first pixel's to the last one's. */
function pixelRows(width: number, inWidth: number, sourceLine: (line: number) => number, lines: number): (output: Rows) => Rows {
  return ({ begin, end }) => ({
    begin: sourceLine(Math.floor(begin / width)) * inWidth,
    end: (sourceLine(Math.floor((end - 1) / width)) + lines) * inWidth,
  });
}
