// From nodes to dispatches: one exhaustive switch over the op union.
import { assertNever } from "../common/errors";
import type { Dispatch, Lowering } from "./kernel";
import { lowerAttention } from "./kernels/attention/kernel";
import { lowerConv2d } from "./kernels/conv2d/kernel";
import { lowerCrossAttention } from "./kernels/cross-attention/kernel";
import {
  lowerActivate,
  lowerAddTable,
  lowerBinary,
  lowerCombine,
  lowerGatedActivation,
  lowerGatedAdd,
  lowerScaleChannels,
  lowerScaleShift,
  lowerTableTokens,
} from "./kernels/elementwise/kernel";
import { lowerEmbedding } from "./kernels/embedding/kernel";
import { lowerChannelMoments, lowerGroupNorm } from "./kernels/group-norm/kernel";
import { lowerLayerNorm } from "./kernels/layer-norm/kernel";
import { lowerLinear } from "./kernels/linear/kernel";
import { lowerNagCombine } from "./kernels/nag-combine/kernel";
import { lowerConcat, lowerGatherRow, lowerLines, lowerSlice, lowerUnpatchify } from "./kernels/rearrange/kernel";
import { lowerAveragePool, lowerResizeNearest } from "./kernels/resample/kernel";
import { lowerRmsNorm } from "./kernels/rms-norm/kernel";
import { lowerRotary } from "./kernels/rotary/kernel";
import { lowerToRgba } from "./kernels/to-rgba/kernel";
import type { Node } from "./ops";

/** The dispatches of one node, in order. */
export function lower({ op, output }: Node, lowering: Lowering): readonly Dispatch[] {
  switch (op.kind) {
    case "linear":
      return lowerLinear(op, output, lowering);
    case "conv2d":
      return lowerConv2d(op, output, lowering);
    case "group-norm":
      return lowerGroupNorm(op, output, lowering);
    case "layer-norm":
      return lowerLayerNorm(op, output, lowering);
    case "rms-norm":
      return lowerRmsNorm(op, output, lowering);
    case "attention":
      return lowerAttention(op, output, lowering);
    case "cross-attention":
      return lowerCrossAttention(op, output, lowering);
    case "nag-combine":
      return lowerNagCombine(op, output, lowering);
    case "embedding":
      return lowerEmbedding(op, output, lowering);
    case "activate":
      return lowerActivate(op, output, lowering);
    case "binary":
      return lowerBinary(op, output, lowering);
    case "scale-channels":
      return lowerScaleChannels(op, output, lowering);
    case "scale-shift":
      return lowerScaleShift(op, output, lowering);
    case "gated-add":
      return lowerGatedAdd(op, output, lowering);
    case "gated-activation":
      return lowerGatedActivation(op, output, lowering);
    case "add-table":
      return lowerAddTable(op, output, lowering);
    case "table-tokens":
      return lowerTableTokens(op, output, lowering);
    case "concat":
      return lowerConcat(op, output, lowering);
    case "slice":
      return lowerSlice(op, output, lowering);
    case "gather-row":
      return lowerGatherRow(op, output, lowering);
    case "resize-nearest":
      return lowerResizeNearest(op, output, lowering);
    case "average-pool":
      return lowerAveragePool(op, output, lowering);
    case "rotary":
      return lowerRotary(op, output, lowering);
    case "unpatchify":
      return lowerUnpatchify(op, output, lowering);
    case "combine":
      return lowerCombine(op, output, lowering);
    case "to-rgba":
      return lowerToRgba(op, output, lowering);
    case "channel-moments":
      return lowerChannelMoments(op, output, lowering);
    case "lines":
      return lowerLines(op, output, lowering);
    default:
      return assertNever(op);
  }
}
