// GroupNorm over channels-last activations with affine weights, modulation and activation:
// statistics in one dispatch (groups.ts) or, for large images, two (chunks.ts before it),
// then one pass that applies them. Two sources are normalised, and written, as one tensor
// concatenated along channels. Statistics and factors are f32; the result is rounded once.
import { activationText } from "../../activations";
import type { Dispatch, Lowering } from "../../kernel";
import type { ChannelMoments, GroupNorm } from "../../ops";
import { axis, byteLengthOf, channelsOf, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { wgsl } from "../../wgsl";
import { rowwise } from "../rowwise";
import { joinedWgsl } from "../streams";
import { chunkMoments, chunksOf } from "./chunks";
import { groupFactors } from "./groups";

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
  const alone =
    (shape.pixels * shape.channels) / op.groups <= target.traits.groupElementsAlone &&
    [x, second ?? x].every((tensor) => byteLengthOf(tensor, target.format) <= target.bindingBytes);
  if (alone) {
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
