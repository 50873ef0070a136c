// The statistics half of GroupNorm: from activations to three factors per (item, channel),
// mean, multiplier and addend, with the group's deviation, the affine weights and the
// modulation folded in, so that applying is y = (x - mean) * multiplier + addend.
//
// A group small enough is one workgroup's work ("elements"). Larger tensors are first cut
// in chunks of pixels, each giving moments per channel in whole coalesced quads; groups then
// merge those ("chunks"), so group sizes need not be multiples of four and may straddle the seam.
import type { Binding, BufferSource, Dispatch, Kernel, Lowering } from "../../kernel";
import type { GroupNorm } from "../../ops";
import { channelsOf, quadsOf, strideOf, type Tensor } from "../../tensor";
import { bandsOf, sourceOf, type Rows } from "../bands";
import { momentsWgsl } from "../moments";
import { joinedWgsl, streamSizes, streamWgsl } from "../rowwise";

export interface GroupNormShape {
  readonly batch: number;
  readonly pixels: number;
  readonly channels: number;
}

/** Quads of channels by pixels that one workgroup of the chunk kernel covers at a time. */
const CHUNK_QUADS = 16;

/** Moments of each channel over chunks of pixels, f32 `[batch * chunks, 2, channels]` (mean, square sum). */
export interface ChunkMoments {
  readonly tensor: Tensor;
  readonly dispatches: readonly Dispatch[];
}

export interface Chunks {
  readonly count: number;
  readonly pixels: number;
}

/** Chunks of at least 8 pixels an invocation, fewer and longer ones for large images. */
export function chunksOf(pixels: number, software: boolean): Chunks {
  const members = chunkInvocations(software) / CHUNK_QUADS;
  const length = members * Math.min(64, Math.max(8, Math.ceil(pixels / members / 64)));
  return { count: Math.ceil(pixels / length), pixels: length };
}

export function chunkMoments(x: Tensor, { batch, pixels }: GroupNormShape, chunks: Chunks, lowering: Lowering): ChunkMoments {
  const { target } = lowering;
  const tensor = lowering.scratch([batch * chunks.count, 2, channelsOf(x)], "f32");
  const invocations = chunkInvocations(target.software);
  const pixelOf = (unit: number) => Math.floor(unit / chunks.count) * pixels + (unit % chunks.count) * chunks.pixels;
  const rows = ({ begin, end }: Rows): Rows => ({ begin: pixelOf(begin), end: pixelOf(end - 1) + chunks.pixels });
  const dispatches = bandsOf(batch * chunks.count, { x: { tensor: x, rows } }, target).map(({ units, windows }): Dispatch => {
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
        chunkPixels: chunks.pixels,
      },
      workgroups: [Math.ceil(quadsOf(x) / CHUNK_QUADS), units.end - units.begin, 1],
      code: chunkCode(invocations),
    };
    return { kernel, buffers: { x: sourceOf(windows.x), chunk: { tensor } } };
  });
  return { tensor, dispatches };
}

function chunkInvocations(software: boolean): number {
  return software ? 64 : 256;
}

function chunkCode(invocations: number): string {
  const members = invocations / CHUNK_QUADS;
  return `${streamWgsl("x", true)}${momentsWgsl({ lanes: 4, invocations, teams: CHUNK_QUADS })}
@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let quad = id.x * ${CHUNK_QUADS}u + lane % ${CHUNK_QUADS}u;
  let unit = sizes.unit + id.y;
  let base = (unit / sizes.chunks) * sizes.pixels;
  let begin = (unit % sizes.chunks) * sizes.chunkPixels + lane / ${CHUNK_QUADS}u;
  let end = min((unit % sizes.chunks + 1u) * sizes.chunkPixels, sizes.pixels);
  let channel = min(quad, sizes.quads - 1u) * 4u;

  let first = read_x(base + min(begin, end - 1u), channel);
  var sum = vec4<f32>(0.0);
  var squares = vec4<f32>(0.0);
  var count = 0.0;
  for (var pixel = begin; pixel < end; pixel += ${members}u) {
    let deviation = read_x(base + pixel, channel) - first;
    sum += deviation;
    squares += deviation * deviation;
    count += 1.0;
  }
  let moments = reduce(lane, moments_of(count, first, sum, squares));
  if (lane < ${CHUNK_QUADS}u && quad < sizes.quads) {
    store_chunk(unit * 2u * sizes.quads + quad, moments.mean);
    store_chunk((unit * 2u + 1u) * sizes.quads + quad, moments.square);
  }
}
`;
}

/** What the group kernel reads: activations, or the moments of their chunks. `second` continues `x` along channels. */
export interface GroupSource {
  readonly x: Tensor;
  readonly second?: Tensor;
  readonly chunks?: Chunks;
}

/** One workgroup per (group, item): writes f32 `[batch, 3, channels]` (mean, multiplier, addend), padding zero. */
export function groupFactors(
  op: GroupNorm,
  { batch, pixels, channels }: GroupNormShape,
  { x, second, chunks }: GroupSource,
  lowering: Lowering,
): { readonly factors: Tensor; readonly dispatch: Dispatch } {
  const factors = lowering.scratch([batch, 3, channels], "f32");
  const { modulation } = op.inputs;
  const { scale, shift } = op.weights;
  const read = (name: string, element: Binding["element"]): Binding => ({ name, access: "read", element, lanes: 1 });
  const bindings = [
    read("x", x.element),
    ...(second ? [read("second", second.element)] : []),
    ...(scale && shift ? [read("scale", "weight"), read("shift", "weight")] : []),
    ...(modulation ? [read("modulation", modulation.element)] : []),
    { name: "factors", access: "write", element: "f32", lanes: 1 } as const,
  ];
  const buffers: Record<string, BufferSource> = {
    x: { tensor: x },
    ...(second ? { second: { tensor: second } } : {}),
    ...(scale && shift ? { scale: { weight: scale }, shift: { weight: shift } } : {}),
    ...(modulation ? { modulation: { tensor: modulation } } : {}),
    factors: { tensor: factors },
  };
  const kernel: Kernel = {
    name: "group-norm-groups",
    bindings,
    sizes: {
      ...streamSizes("x", x, 0),
      ...(second ? { ...streamSizes("second", second, 0), seam: channelsOf(x) } : {}),
      pixels,
      groupSize: channels / op.groups,
      groups: op.groups,
      stride: strideOf(factors),
      ...(chunks ? { chunks: chunks.count, chunkPixels: chunks.pixels } : {}),
      ...(modulation ? { modulationStride: strideOf(modulation), modulationShift: channels } : {}),
    },
    scalars: { epsilon: op.epsilon },
    workgroups: [op.groups, batch, 1],
    code: groupCode({
      invocations: lowering.target.software ? 64 : 256,
      joined: second !== undefined,
      chunked: chunks !== undefined,
      affine: scale !== undefined && shift !== undefined,
      modulated: modulation !== undefined,
    }),
  };
  return { factors, dispatch: { kernel, buffers } };
}

interface GroupFlags {
  readonly invocations: number;
  readonly joined: boolean;
  readonly chunked: boolean;
  readonly affine: boolean;
  readonly modulated: boolean;
}

function groupCode({ invocations, joined, chunked, affine, modulated }: GroupFlags): string {
  const at = joined ? "at_joined" : "at_x";
  return `${streamWgsl("x", false)}${joined ? streamWgsl("second", false) + joinedWgsl("x", "second", false) : ""}
${momentsWgsl({ lanes: 1, invocations, teams: 1 })}
${chunked ? fromChunks(at) : fromElements(at)}
@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let begin = id.x * sizes.groupSize;
  let end = begin + sizes.groupSize;
  let moments = reduce(lane, gather(id.y, begin, lane, ${invocations}u));
  let deviation = inverseSqrt(moments.square / moments.count + sizes.epsilon);
  // The last group also clears the padding behind its channels.
  for (var channel = begin + lane; channel < select(end, sizes.stride, id.x == sizes.groups - 1u); channel += ${invocations}u) {
    var multiplier = deviation;
    var addend = 0.0;
    ${affine ? "multiplier *= load_scale(channel);\n    addend = load_shift(channel);" : ""}
    ${modulated ? MODULATE : ""}
    let factor = id.y * 3u * sizes.stride + channel;
    let kept = channel < end;
    store_factors(factor, select(0.0, moments.mean, kept));
    store_factors(factor + sizes.stride, select(0.0, multiplier, kept));
    store_factors(factor + 2u * sizes.stride, select(0.0, addend, kept));
  }
}
`;
}

const MODULATE = `let modulated = 1.0 + load_modulation(id.y * sizes.modulationStride + channel);
    multiplier *= modulated;
    addend = addend * modulated + load_modulation(id.y * sizes.modulationStride + sizes.modulationShift + channel);`;

// Steps through (row, channel of the group) without a division per element.
const WALK = `var row = lane / sizes.groupSize;
  var offset = lane % sizes.groupSize;`;
const STEP = `row += step / sizes.groupSize;
    offset += step % sizes.groupSize;
    if (offset >= sizes.groupSize) { offset -= sizes.groupSize; row += 1u; }`;

function fromElements(at: string): string {
  return `
fn gather(item: u32, begin: u32, lane: u32, step: u32) -> Moments {
  ${WALK}
  let first = ${at}(item * sizes.pixels + min(row, sizes.pixels - 1u), begin + offset);
  var sum = 0.0;
  var squares = 0.0;
  var count = 0.0;
  while (row < sizes.pixels) {
    let deviation = ${at}(item * sizes.pixels + row, begin + offset) - first;
    sum += deviation;
    squares += deviation * deviation;
    count += 1.0;
    ${STEP}
  }
  return moments_of(count, first, sum, squares);
}
`;
}

function fromChunks(at: string): string {
  return `
fn gather(item: u32, begin: u32, lane: u32, step: u32) -> Moments {
  ${WALK}
  var moments = Moments(0.0, 0.0, 0.0);
  while (row < sizes.chunks) {
    let line = (item * sizes.chunks + row) * 2u;
    let count = min(sizes.chunkPixels, sizes.pixels - row * sizes.chunkPixels);
    moments = merge(moments, Moments(f32(count), ${at}(line, begin + offset), ${at}(line + 1u, begin + offset)));
    ${STEP}
  }
  return moments;
}
`;
}
