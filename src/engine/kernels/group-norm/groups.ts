// The statistics of GroupNorm by group, turned into three factors per (item, channel): mean,
// multiplier and addend, with deviation, affine weights and modulation folded in, so that
// applying is y = (x - mean) * multiplier + addend. One workgroup per (group, item) reads the
// activations themselves, or the moments of their chunks. Two sources are walked as one
// tensor concatenated along channels; groups may straddle the seam.
import type { Binding, BufferSource, Dispatch, Kernel, Lowering } from "../../kernel";
import type { GroupNorm } from "../../ops";
import { channelsOf, strideOf, type Tensor } from "../../tensor";
import { entryPoint, wgsl } from "../../wgsl";
import { momentsWgsl } from "../moments";
import { joinedWgsl, streamSizes, streamWgsl } from "../streams";
import type { Chunks } from "./chunks";

export interface GroupSource {
  /** Activations, or their chunks' moments. */
  readonly x: Tensor;
  readonly second?: Tensor;
  readonly chunks?: Chunks;
}

/** Factors are f32 `[batch, 3, channels]`, padding zero. */
export function groupFactors(
  op: GroupNorm,
  { batch, pixels, channels }: { readonly batch: number; readonly pixels: number; readonly channels: number },
  { x, second, chunks }: GroupSource,
  lowering: Lowering,
): { readonly factors: Tensor; readonly dispatch: Dispatch } {
  const factors = lowering.scratch([batch, 3, channels], "f32");
  const { modulation } = op.inputs;
  const { scale, shift } = op.weights;
  const groupSize = channels / op.groups;
  const { groupInvocations: threads } = lowering.target.traits;
  const read = (name: string, element: Binding["element"]): Binding => ({ name, access: "read", element, lanes: 1 });
  const bindings: readonly Binding[] = [
    read("x", x.element),
    ...(second ? [read("second", second.element)] : []),
    ...(scale && shift ? [read("scale", "weight"), read("shift", "weight")] : []),
    ...(modulation ? [read("modulation", modulation.element)] : []),
    { name: "factors", access: "write", element: "f32", lanes: 1 },
  ];
  const buffers: Readonly<Record<string, BufferSource>> = {
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
      group_size: groupSize,
      groups: op.groups,
      stride: strideOf(factors),
      ...(chunks ? { chunks: chunks.count, chunk_pixels: chunks.pixels } : {}),
      ...(modulation ? { modulation_stride: strideOf(modulation), modulation_shift: channels } : {}),
    },
    scalars: { epsilon: op.epsilon },
    workgroups: [op.groups, batch, 1],
    code: wgsl`
      ${streamWgsl("x", false)}
      ${second ? streamWgsl("second", false) : ""}
      ${second ? joinedWgsl("x", "second", false) : ""}

      ${momentsWgsl({ lanes: 1, threads, teams: 1 })}

      ${gatherWgsl(second ? "at_joined" : "at_x", chunks !== undefined)}

      ${entryPoint(threads, mainWgsl({ threads, affine: scale !== undefined && shift !== undefined, modulated: modulation !== undefined }))}
    `,
  };
  return { factors, dispatch: { kernel, buffers } };
}

/** The moments of one invocation's share of a group, walked without a division per element. */
function gatherWgsl(at: string, chunked: boolean): string {
  return wgsl`
    // One thread's share of a group: every step-th element of its rows.
    fn gather(item: u32, begin: u32, lane: u32, step: u32) -> Moments {
      var row = lane / sizes.group_size;
      var offset = lane % sizes.group_size;
      ${chunked ? gatherChunks(at) : gatherElements(at)}
    }
  `;
}

const STEP = wgsl`
  row += step / sizes.group_size;
  offset += step % sizes.group_size;
  if (offset >= sizes.group_size) { offset -= sizes.group_size; row += 1u; }
`;

function gatherChunks(at: string): string {
  return wgsl`
    var moments = Moments(0.0, 0.0, 0.0);
    while (row < sizes.chunks) {
      let line = (item * sizes.chunks + row) * 2u;
      let count = min(sizes.chunk_pixels, sizes.pixels - row * sizes.chunk_pixels);
      moments = merge(moments, Moments(f32(count), ${at}(line, begin + offset), ${at}(line + 1u, begin + offset)));
      ${STEP}
    }
    return moments;
  `;
}

function gatherElements(at: string): string {
  return wgsl`
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
  `;
}

function mainWgsl({ threads, affine, modulated }: { threads: number; affine: boolean; modulated: boolean }): string {
  return wgsl`
    // The group's statistics, from all threads.
    let begin = group.x * sizes.group_size;
    let end = begin + sizes.group_size;
    let moments = reduce(thread, gather(group.y, begin, thread, ${threads}u));
    let deviation = inverseSqrt(moments.square / moments.count + sizes.epsilon);
    // The factors of its channels. The last group also clears the padding behind its channels.
    for (var channel = begin + thread; channel < select(end, sizes.stride, group.x == sizes.groups - 1u); channel += ${threads}u) {
      var multiplier = deviation;
      var addend = 0.0;
      ${affine ? "multiplier *= load_scale(channel);\naddend = load_shift(channel);" : ""}
      ${modulated ? MODULATE : ""}
      let factor = group.y * 3u * sizes.stride + channel;
      let kept = channel < end;
      store_factors(factor, select(0.0, moments.mean, kept));
      store_factors(factor + sizes.stride, select(0.0, multiplier, kept));
      store_factors(factor + 2u * sizes.stride, select(0.0, addend, kept));
    }
  `;
}

const MODULATE = wgsl`
  let modulated = 1.0 + load_modulation(group.y * sizes.modulation_stride + channel);
  multiplier *= modulated;
  addend = addend * modulated + load_modulation(group.y * sizes.modulation_stride + sizes.modulation_shift + channel);
`;
