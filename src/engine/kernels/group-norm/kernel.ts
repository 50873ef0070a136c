// GroupNorm over channels-last activations with affine weights, modulation and activation. On GPUs
// one dispatch (whole.ts); on software adapters statistics (groups.ts), then a pass that applies them;
// for large images statistics of chunks of pixels (chunks.ts) before both. Two sources are normalised,
// and written, as one tensor concatenated along channels. Statistics are f32; the result is rounded once.
import { activationText } from "../../activations";
import type { Dispatch, KernelTarget, Lowering } from "../../kernel";
import type { ChannelMoments, GroupNorm } from "../../ops";
import { axis, byteLengthOf, channelsOf, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { wgsl } from "../../wgsl";
import { rowwise } from "../rowwise";
import { joinedWgsl } from "../streams";
import { chunkMoments, chunksOf } from "./chunks";
import { groupFactors } from "./groups";
import { addsUpInOneDispatch, normaliseGroups } from "./whole";

export function lowerGroupNorm(op: GroupNorm, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { target } = lowering;
  const { x, second, moments: given } = op.inputs;
  if (given) {
    // One chunk a line, of which the image has more than x.
    const chunks = { count: axis(given, 1) / 2, pixels: axis(x, 2) };
    const image = { batch: 1, pixels: op.imagePixels ?? 0, channels: channelsOf(output) };
    const { factors, dispatch } = groupFactors(op, image, { x: given, chunks }, lowering);
    return [dispatch, ...applyFactors(op, output, factors, lowering)];
  }
  const batch = axis(output, 0);
  const shape = { batch, pixels: rowsOf(output) / batch, channels: channelsOf(output) };
  if (isOneDispatch(op, output, target)) return [normaliseGroups(op, output, shape, lowering)];
  if (fitsWorkgroups(op, output, target)) {
    const { factors, dispatch } = groupFactors(op, shape, second ? { x, second } : { x }, lowering);
    return [dispatch, ...applyFactors(op, output, factors, lowering)];
  }
  const chunks = chunksOf(shape.pixels);
  const momentsOf = (tensor: Tensor): Tensor => lowering.scratch([batch * chunks.count, 2, channelsOf(tensor)], "f32");
  const moments = { x: momentsOf(x), ...(second ? { second: momentsOf(second) } : {}), chunks };
  const { factors, dispatch } = groupFactors(op, shape, moments, lowering);
  return [
    ...chunkMoments(x, shape, chunks, moments.x, lowering),
    ...(second && moments.second ? chunkMoments(second, shape, chunks, moments.second, lowering) : []),
    dispatch,
    ...applyFactors(op, output, factors, lowering),
  ];
}

export function lowerChannelMoments({ inputs: { x } }: ChannelMoments, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  return chunkMoments(x, { batch: 1, pixels: rowsOf(x) }, { count: axis(x, 1), pixels: axis(x, 2) }, output, lowering);
}

/** Whether the norm can add up the parts that x is left in. */
export function groupNormAddsUpParts(op: GroupNorm, output: Tensor, target: KernelTarget): boolean {
  return isOneDispatch(op, output, target) && addsUpInOneDispatch(op);
}

function isOneDispatch(op: GroupNorm, output: Tensor, target: KernelTarget): boolean {
  // Statistics that come from elsewhere are those of a larger image.
  return target.traits.normalisesGroupsAtOnce && op.inputs.moments === undefined && fitsWorkgroups(op, output, target);
}

/** Whether one workgroup reads all of a group. */
function fitsWorkgroups(op: GroupNorm, output: Tensor, target: KernelTarget): boolean {
  const { x, second } = op.inputs;
  const elements = (rowsOf(output) / axis(output, 0)) * (channelsOf(output) / op.groups);
  const fitsBinding = (tensor: Tensor) => byteLengthOf(tensor, target.format) <= target.bindingBytes;
  return elements <= target.traits.groupElementsAlone && [x, second ?? x, output].every(fitsBinding);
}

function applyFactors(op: GroupNorm, output: Tensor, factors: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { x, second } = op.inputs;
  const aligned = !second || channelsOf(x) % 4 === 0;
  const read = second ? "read_joined" : "read_x";
  const { declaration, sizes, apply } = activationText("activation", op.activation, lowering.target.traits.choosesActivationsAtRunTime);
  return rowwise(
    {
      name: "group-norm-apply",
      output,
      streams: { x: { tensor: x, aligned }, ...(second ? { second: { tensor: second, aligned } } : {}) },
      tables: { factors: { source: { tensor: factors }, element: "f32", lanes: 4 } },
      sizes: {
        pixels: rowsOf(output) / axis(output, 0),
        factor_quads: quadsOf(factors),
        ...(second ? { seam: channelsOf(x) } : {}),
        ...sizes,
      },
      declarations: wgsl`
        ${second ? joinedWgsl("x", "second", aligned) : ""}
        ${declaration}
      `,
      body: wgsl`
        let factor = (row / sizes.pixels) * 3u * sizes.factor_quads + (channel >> 2u);
        let centred = ${read}(row, channel) - load_factors(factor);
        return ${apply("centred * load_factors(factor + sizes.factor_quads) + load_factors(factor + 2u * sizes.factor_quads)")};
      `,
    },
    lowering,
  );
}
