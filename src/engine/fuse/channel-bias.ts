// add(conv2d, [batch, channels]) becomes the convolution's channel bias: the time
// embedding of a residual block.
import type { Rewrite } from "./rewrite";

export const fuseChannelBias: Rewrite = ({ op, output }, uses) => {
  if (op.kind !== "binary" || op.operation !== "add" || op.inputs.b.shape.length !== 2) return undefined;
  const { x, b: channelBias } = op.inputs;
  const convolution = uses.soleProducer(x)?.op;
  if (convolution?.kind !== "conv2d" || x.shape.length !== 4) return undefined;
  const { inputs, activation, finalActivation } = convolution;
  if (inputs.channelBias || inputs.residual || activation !== "none" || finalActivation !== "none") return undefined;
  return [{ op: { ...convolution, inputs: { ...inputs, channelBias } }, output }];
};
