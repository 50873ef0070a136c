// First half of the statistics of a large GroupNorm: the image is cut in chunks of pixels,
// and each gives the moments of every channel on its own. Reads are whole coalesced quads,
// so neither group sizes nor the seam of two sources matter here; groups.ts merges.
import type { Dispatch, Kernel, Lowering } from "../../kernel";
import { quadsOf, type Tensor } from "../../tensor";
import { entryPoint, wgsl } from "../../wgsl";
import { bandsOf, sourceOf, type Rows } from "../bands";
import { momentsWgsl } from "../moments";
import { streamSizes, streamWgsl } from "../streams";

/** Equal runs of pixels of one batch item; the last may be shorter. */
export interface Chunks {
  readonly count: number;
  readonly pixels: number;
}

// A workgroup covers 16 quads of channels by 16 pixels at a time.
const QUADS = 16;
const PIXELS = 16;

/** Chunks of 8 pixels an invocation, more (up to 64) where that still leaves 64 chunks. */
export function chunksOf(pixels: number): Chunks {
  const length = PIXELS * Math.min(64, Math.max(8, Math.ceil(pixels / PIXELS / 64)));
  return { count: Math.ceil(pixels / length), pixels: length };
}

/** Writes moments of each channel, f32 `[batch * chunks, 2, channels]`: mean, centred square sum. x: `[batch, pixels, channels]`. */
export function chunkMoments(
  x: Tensor,
  { batch, pixels }: { readonly batch: number; readonly pixels: number },
  chunks: Chunks,
  moments: Tensor,
  lowering: Lowering,
): readonly Dispatch[] {
  const pixelOf = (unit: number) => Math.floor(unit / chunks.count) * pixels + (unit % chunks.count) * chunks.pixels;
  const rows = ({ begin, end }: Rows): Rows => ({ begin: pixelOf(begin), end: pixelOf(end - 1) + chunks.pixels });
  const bands = bandsOf(batch * chunks.count, { x: { tensor: x, rows } }, lowering.target);
  return bands.map(({ units, windows }): Dispatch => {
    const kernel: Kernel = {
      name: "group-norm-chunks",
      bindings: [
        { name: "x", access: "read", element: x.element, lanes: 4 },
        { name: "chunk", access: "write", element: "f32", lanes: 4 },
      ],
      sizes: {
        ...streamSizes("x", x, windows.x.begin),
        pixels,
        quads: quadsOf(x),
        unit: units.begin,
        chunks: chunks.count,
        chunk_pixels: chunks.pixels,
      },
      workgroups: [Math.ceil(quadsOf(x) / QUADS), units.end - units.begin, 1],
      code: CODE,
    };
    return { kernel, buffers: { x: sourceOf(windows.x), chunk: { tensor: moments } } };
  });
}

const CODE = wgsl`
  ${streamWgsl("x", true)}

  ${momentsWgsl({ lanes: 4, threads: QUADS * PIXELS, teams: QUADS })}

  ${entryPoint(
    QUADS * PIXELS,
    wgsl`
      // This thread's quad of channels, and the first of its pixels.
      let quad = group.x * ${QUADS}u + thread % ${QUADS}u;
      let channel = min(quad, sizes.quads - 1u) * 4u;
      let unit = sizes.unit + group.y;
      let base = (unit / sizes.chunks) * sizes.pixels;
      let begin = (unit % sizes.chunks) * sizes.chunk_pixels + thread / ${QUADS}u;
      let end = min((unit % sizes.chunks + 1u) * sizes.chunk_pixels, sizes.pixels);

      // Sum deviations from the first value, and their squares.
      let first = read_x(base + min(begin, end - 1u), channel);
      var sum = vec4<f32>(0.0);
      var squares = vec4<f32>(0.0);
      var count = 0.0;
      for (var pixel = begin; pixel < end; pixel += ${PIXELS}u) {
        let deviation = read_x(base + pixel, channel) - first;
        sum += deviation;
        squares += deviation * deviation;
        count += 1.0;
      }

      // Merge the threads of a quad, and store its mean and square sum.
      let moments = reduce(thread, moments_of(count, first, sum, squares));
      if (thread < ${QUADS}u && quad < sizes.quads) {
        store_chunk(unit * 2u * sizes.quads + quad, moments.mean);
        store_chunk((unit * 2u + 1u) * sizes.quads + quad, moments.square);
      }
    `,
  )}
`;
