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
  const { readsGroupsInQuads, groupInvocations: threads } = lowering.target.traits;
  const quads = readsGroupsInQuads && !chunks && groupSize % 4 === 0 && (!second || channelsOf(x) % 4 === 0);
  const lanes = quads ? 4 : 1;
  const read = (name: string, element: Binding["element"]): Binding => ({ name, access: "read", element, lanes: 1 });
  const bindings: readonly Binding[] = [
    { ...read("x", x.element), lanes },
    ...(second ? [{ ...read("second", second.element), lanes } as const] : []),
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
      // Elements or quads of a group in one row.
      run: groupSize / lanes,
      stride: strideOf(factors),
      ...(chunks ? { chunks: chunks.count, chunk_pixels: chunks.pixels } : {}),
      ...(modulation ? { modulation_stride: strideOf(modulation), modulation_shift: channels } : {}),
    },
    scalars: { epsilon: op.epsilon },
    workgroups: [op.groups, batch, 1],
    code: wgsl`
      ${streamWgsl("x", quads)}
      ${second ? streamWgsl("second", quads) : ""}
      ${second ? joinedWgsl("x", "second", quads) : ""}

      ${momentsWgsl({ lanes: 1, threads, teams: 1 })}

      ${gatherWgsl({ joined: second !== undefined, chunked: chunks !== undefined, quads })}

      ${entryPoint(threads, mainWgsl({ threads, affine: scale !== undefined && shift !== undefined, modulated: modulation !== undefined }))}
    `,
  };
  return { factors, dispatch: { kernel, buffers } };
}

/** The moments of one invocation's share of a group, walked without a division per element. */
function gatherWgsl({ joined, chunked, quads }: { joined: boolean; chunked: boolean; quads: boolean }): string {
  const source = joined ? "joined" : "x";
  const at = (row: string) => (quads ? `read_${source}(${row}, begin + offset * 4u)` : `at_${source}(${row}, begin + offset)`);
  return wgsl`
    // One thread's share of a group: every step-th element, or quad, of its rows.
    fn gather(item: u32, begin: u32, lane: u32, step: u32) -> Moments {
      var row = lane / sizes.run;
      var offset = lane % sizes.run;
      ${chunked ? gatherChunks(at) : gatherElements(at, quads)}
    }
  `;
}

const STEP = wgsl`
  row += step / sizes.run;
  offset += step % sizes.run;
  if (offset >= sizes.run) { offset -= sizes.run; row += 1u; }
`;

function gatherChunks(at: (row: string) => string): string {
  return wgsl`
    var moments = Moments(0.0, 0.0, 0.0);
    while (row < sizes.chunks) {
      let line = (item * sizes.chunks + row) * 2u;
      let count = min(sizes.chunk_pixels, sizes.pixels - row * sizes.chunk_pixels);
      moments = merge(moments, Moments(f32(count), ${at("line")}, ${at("line + 1u")}));
      ${STEP}
    }
    return moments;
  `;
}

function gatherElements(at: (row: string) => string, quads: boolean): string {
  const type = quads ? "vec4<f32>" : "f32";
  const total = (name: string) => (quads ? `dot(${name}, vec4<f32>(1.0))` : name);
  return wgsl`
    let first = ${at("item * sizes.pixels + min(row, sizes.pixels - 1u)")}${quads ? ".x" : ""};
    var sum = ${type}(0.0);
    var squares = ${type}(0.0);
    var count = 0.0;
    while (row < sizes.pixels) {
      let deviation = ${at("item * sizes.pixels + row")} - first;
      sum += deviation;
      squares += deviation * deviation;
      count += ${quads ? "4.0" : "1.0"};
      ${STEP}
    }
    return moments_of(count, first, ${total("sum")}, ${total("squares")});
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
