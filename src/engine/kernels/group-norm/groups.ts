// The statistics of GroupNorm by group, turned into three factors per (item, channel): mean,
// multiplier and addend, with deviation, affine weights and modulation folded in, so that
// applying is y = (x - mean) * multiplier + addend. One workgroup per (group, item) reads the
// activations themselves, or the moments of their chunks. Two sources are walked as one
// tensor concatenated along channels; groups may straddle the seam.
import type { Binding, BufferSource, Dispatch, Kernel, Lowering } from "../../kernel";
import type { GroupNorm } from "../../ops";
import { channelsOf, strideOf, type Tensor } from "../../tensor";
import { momentsWgsl } from "../moments";
import { joinedWgsl, streamSizes, streamWgsl } from "../rowwise";
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
  const { readsGroupsInQuads, groupInvocations: invocations } = lowering.target.traits;
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
      groupSize,
      groups: op.groups,
      // Elements or quads of a group in one row.
      run: groupSize / lanes,
      stride: strideOf(factors),
      ...(chunks ? { chunks: chunks.count, chunkPixels: chunks.pixels } : {}),
      ...(modulation ? { modulationStride: strideOf(modulation), modulationShift: channels } : {}),
    },
    scalars: { epsilon: op.epsilon },
    workgroups: [op.groups, batch, 1],
    code: `${streamWgsl("x", quads)}${second ? streamWgsl("second", quads) + joinedWgsl("x", "second", quads) : ""}
${momentsWgsl({ lanes: 1, invocations, teams: 1 })}
${gatherWgsl({ joined: second !== undefined, chunked: chunks !== undefined, quads })}
${mainWgsl({ invocations, affine: scale !== undefined && shift !== undefined, modulated: modulation !== undefined })}`,
  };
  return { factors, dispatch: { kernel, buffers } };
}

/** The moments of one invocation's share of a group, walked without a division per element. */
function gatherWgsl({ joined, chunked, quads }: { joined: boolean; chunked: boolean; quads: boolean }): string {
  const source = joined ? "joined" : "x";
  const at = (row: string) => `at_${source}(${row}, begin + offset)`;
  const step = `row += step / sizes.run;
    offset += step % sizes.run;
    if (offset >= sizes.run) { offset -= sizes.run; row += 1u; }`;
  const head = `fn gather(item: u32, begin: u32, lane: u32, step: u32) -> Moments {
  var row = lane / sizes.run;
  var offset = lane % sizes.run;`;
  if (chunked) {
    return `${head}
  var moments = Moments(0.0, 0.0, 0.0);
  while (row < sizes.chunks) {
    let line = (item * sizes.chunks + row) * 2u;
    let count = min(sizes.chunkPixels, sizes.pixels - row * sizes.chunkPixels);
    moments = merge(moments, Moments(f32(count), ${at("line")}, ${at("line + 1u")}));
    ${step}
  }
  return moments;
}`;
  }
  const value = (row: string) => (quads ? `read_${source}(${row}, begin + offset * 4u)` : at(row));
  const type = quads ? "vec4<f32>" : "f32";
  const total = (name: string) => (quads ? `dot(${name}, vec4<f32>(1.0))` : name);
  return `${head}
  let first = ${value("item * sizes.pixels + min(row, sizes.pixels - 1u)")}${quads ? ".x" : ""};
  var sum = ${type}(0.0);
  var squares = ${type}(0.0);
  var count = 0.0;
  while (row < sizes.pixels) {
    let deviation = ${value("item * sizes.pixels + row")} - first;
    sum += deviation;
    squares += deviation * deviation;
    count += ${quads ? "4.0" : "1.0"};
    ${step}
  }
  return moments_of(count, first, ${total("sum")}, ${total("squares")});
}`;
}

function mainWgsl({ invocations, affine, modulated }: { invocations: number; affine: boolean; modulated: boolean }): string {
  return `@compute @workgroup_size(${invocations})
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
