// Nearest-neighbour resize and 2x2 mean over NHWC images. Not bilinear, no antialiasing:
// the networks use nothing else.
import type { Dispatch, Lowering } from "../../kernel";
import type { AveragePool, ResizeNearest } from "../../ops";
import { axis, type Tensor } from "../../tensor";
import type { Rows } from "../bands";
import { rowwise } from "../rowwise";

/** torch's "nearest": source index floor(i * in / out), exact in integers. */
export function lowerResizeNearest(op: ResizeNearest, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x } = op.inputs;
  const size = { inHeight: axis(x, 1), inWidth: axis(x, 2), height: axis(output, 1), width: axis(output, 2) };
  const sourceLine = (line: number) =>
    Math.floor(line / size.height) * size.inHeight + Math.floor(((line % size.height) * size.inHeight) / size.height);
  return rowwise(
    {
      name: "resize-nearest",
      output,
      streams: { x: { tensor: x, rows: pixelRows(size.width, size.inWidth, sourceLine, 1) } },
      sizes: size,
      code: `fn value(row: u32, channel: u32) -> vec4<f32> {
  let line = row / sizes.width;
  let item = line / sizes.height;
  let i = ((line % sizes.height) * sizes.inHeight) / sizes.height;
  let j = ((row % sizes.width) * sizes.inWidth) / sizes.width;
  return read_x((item * sizes.inHeight + i) * sizes.inWidth + j, channel);
}
`,
    },
    lowering,
  );
}

/** An odd last row or column is left out, as torch does. */
export function lowerAveragePool(op: AveragePool, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x } = op.inputs;
  const size = { inHeight: axis(x, 1), inWidth: axis(x, 2), height: axis(output, 1), width: axis(output, 2) };
  const sourceLine = (line: number) => Math.floor(line / size.height) * size.inHeight + 2 * (line % size.height);
  return rowwise(
    {
      name: "average-pool",
      output,
      streams: { x: { tensor: x, rows: pixelRows(size.width, size.inWidth, sourceLine, 2) } },
      sizes: size,
      code: `fn value(row: u32, channel: u32) -> vec4<f32> {
  let line = row / sizes.width;
  let item = line / sizes.height;
  let first = (item * sizes.inHeight + 2u * (line % sizes.height)) * sizes.inWidth + 2u * (row % sizes.width);
  let upper = read_x(first, channel) + read_x(first + 1u, channel);
  let lower = read_x(first + sizes.inWidth, channel) + read_x(first + sizes.inWidth + 1u, channel);
  return 0.25 * (upper + lower);
}
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
