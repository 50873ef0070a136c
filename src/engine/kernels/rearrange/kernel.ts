// Operations that only move elements: concatenation, slices, one row per item, patches to
// pixels. Counts and offsets that are not multiples of four channels take a path that reads
// single elements; everything else moves whole quads.
import type { Dispatch, Lowering } from "../../kernel";
import type { Concat, GatherRow, Lines, Slice, Unpatchify } from "../../ops";
import { axis, channelsOf, rowsOf, type Tensor } from "../../tensor";
import { wgsl } from "../../wgsl";
import type { Rows } from "../bands";
import { rowwise } from "../rowwise";
import { allRows, joinedWgsl } from "../streams";

export function lowerConcat(op: Concat, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  return op.along === "channels" ? concatChannels(op, output, lowering) : concatTokens(op, output, lowering);
}

function concatChannels({ inputs: { x, b } }: Concat, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const seam = channelsOf(x);
  const aligned = seam % 4 === 0;
  return rowwise(
    {
      name: "concat-channels",
      output,
      streams: { x: { tensor: x, aligned }, b: { tensor: b, aligned } },
      sizes: { seam },
      declarations: joinedWgsl("x", "b", aligned),
      body: "return read_joined(row, channel);",
    },
    lowering,
  );
}

function concatTokens({ inputs: { x, b } }: Concat, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  return rowwise(
    {
      name: "concat-tokens",
      output,
      streams: { x: { tensor: x, rows: allRows(x) }, b: { tensor: b, rows: allRows(b) } },
      sizes: { first: axis(x, -2), second: axis(b, -2) },
      body: wgsl`
        let item = row / (sizes.first + sizes.second);
        let token = row % (sizes.first + sizes.second);
        if (token < sizes.first) { return read_x(item * sizes.first + token, channel); }
        return read_b(item * sizes.second + token - sizes.first, channel);
      `,
    },
    lowering,
  );
}

export function lowerSlice(op: Slice, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x } = op.inputs;
  if (op.along === "channels") {
    return rowwise(
      {
        name: "slice-channels",
        output,
        streams: { x: { tensor: x, aligned: op.begin % 4 === 0 } },
        sizes: { begin: op.begin },
        body: "return read_x(row, sizes.begin + channel);",
      },
      lowering,
    );
  }
  const [tokens, length] = [axis(x, -2), op.length];
  return rowwise(
    {
      name: "slice-tokens",
      output,
      streams: {
        x: {
          tensor: x,
          rows: ({ begin, end }: Rows) => ({
            begin: Math.floor(begin / length) * tokens + op.begin + (begin % length),
            end: Math.floor((end - 1) / length) * tokens + op.begin + ((end - 1) % length) + 1,
          }),
        },
      },
      sizes: { tokens, length, begin: op.begin },
      body: "return read_x((row / sizes.length) * sizes.tokens + sizes.begin + row % sizes.length, channel);",
    },
    lowering,
  );
}

/** Strips may be longer than a binding, so each is bound from the first line to the last that is read of it. */
export function lowerLines({ inputs: { before, x, after }, begin }: Lines, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const width = axis(output, 2);
  const beforeRows = before ? rowsOf(before) : 0;
  const stream = (tensor: Tensor, from: number) => ({
    tensor,
    rows: (rows: Rows): Rows => {
      const first = Math.min(Math.max(rows.begin + begin * width - from, 0), rowsOf(tensor) - 1);
      return { begin: first, end: Math.max(first + 1, Math.min(rows.end + begin * width - from, rowsOf(tensor))) };
    },
  });
  return rowwise(
    {
      name: "lines",
      output,
      streams: {
        x: stream(x, beforeRows),
        ...(before ? { before: stream(before, 0) } : {}),
        ...(after ? { after: stream(after, beforeRows + rowsOf(x)) } : {}),
      },
      sizes: { begin: begin * width, before_rows: beforeRows, x_rows: rowsOf(x) },
      body: wgsl`
        let place = row + sizes.begin;
        ${before ? "if (place < sizes.before_rows) { return read_before(place, channel); }" : ""}
        let below = place - sizes.before_rows;
        ${after ? "if (below >= sizes.x_rows) { return read_after(below - sizes.x_rows, channel); }" : ""}
        return read_x(below, channel);
      `,
    },
    lowering,
  );
}

/** An index past the end takes the last row. */
export function lowerGatherRow(op: GatherRow, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x, index } = op.inputs;
  return rowwise(
    {
      name: "gather-row",
      output,
      streams: { x: { tensor: x, rows: allRows(x) } },
      tables: { row_index: { source: { tensor: index }, element: "u32", lanes: 1 } },
      sizes: { tokens: axis(x, -2) },
      body: "return read_x(row * sizes.tokens + min(load_row_index(row), sizes.tokens - 1u), channel);",
    },
    lowering,
  );
}

/** Output pixel (i, j) is patch (i / p, j / p)'s run of channels at (i % p, j % p). */
export function lowerUnpatchify(op: Unpatchify, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x } = op.inputs;
  const { patch } = op;
  const width = axis(output, 2);
  const across = width / patch;
  const tokenRow = (pixelRow: number) => Math.floor(pixelRow / width / patch) * across;
  return rowwise(
    {
      name: "unpatchify",
      output,
      streams: {
        x: {
          tensor: x,
          rows: ({ begin, end }: Rows) => ({ begin: tokenRow(begin), end: tokenRow(end - 1) + across }),
          aligned: channelsOf(output) % 4 === 0,
        },
      },
      // Patch rows of all items are numbered through: heights are whole patches.
      sizes: { width, patch_size: patch, across, channels: channelsOf(output) },
      body: wgsl`
        let line = row / sizes.width;
        let column = row % sizes.width;
        let token = (line / sizes.patch_size) * sizes.across + column / sizes.patch_size;
        return read_x(token, ((line % sizes.patch_size) * sizes.patch_size + column % sizes.patch_size) * sizes.channels + channel);
      `,
    },
    lowering,
  );
}
