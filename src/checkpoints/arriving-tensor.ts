// One tensor on its way out of a file: bytes come in pieces, and become float16, blocks, or float32 that becomes blocks on the GPU. Only what
// is needed of it is held: float16 where that is asked for, the stored bytes where their blocks are kept, else float32.
import { blockShape, dequantise, quantise, type Blocks } from "../common/blocks";
import { BLOCK_INPUTS, type WeightFormat } from "../common/weight-format";
import { blockOf, roundToFloat16, toFloat16, toFloat32 } from "./dtype";
import { decodeBlocks } from "./formats/blocks/layout";
import { blocksFrom, isQuantised } from "./quantised";
import { gathered, partsOf, type StoredTensor } from "./stored-tensor";
import { CHECKED_VALUES, float32Of, floatDtype, refuseBeyondFloat16, refuseNonFiniteHalves } from "./tensor-values";

/** float16 bits or blocks, in the order of the checkpoint; or float32. */
export type TensorValues = Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Blocks;

/** What a tensor is to become; `f32` where something is added to it before it is rounded. */
type Target = WeightFormat | "f32";

export interface ArrivingTensor {
  /** @param begin where in its file this piece of `part`, one of the tensor's ranges of bytes, begins; it is made of whole elements */
  take(part: StoredTensor, begin: number, piece: Uint8Array<ArrayBuffer>): void;
  /**
   * The values, once all pieces have come.
   * @throws OnestrokeError as `TensorReader.stream`
   */
  finish(): TensorValues;
}

/**
 * @param memory is used for float16 that is converted piece by piece, so one such tensor arrives after the other
 * @throws OnestrokeError `model-unsupported` where the tensor is stored as integers
 */
export function arrivingTensor(name: string, tensor: StoredTensor, format: Target, memory: Uint16Array<ArrayBuffer>): ArrivingTensor {
  if (tensor.blocks !== undefined) return keptBlocks(name, tensor, format);
  const dtype = floatDtype(name, tensor);
  if (format === "f16") return tensor.strides === undefined ? halves(name, tensor, memory) : floats(name, tensor, format);
  const mayKeep = format !== "f32" && isQuantised(dtype) && hasWholeBlocks(tensor);
  return mayKeep ? ggmlBlocks(name, tensor, format) : floats(name, tensor, format);
}

/** Converted piece by piece. */
function halves(name: string, tensor: StoredTensor, memory: Uint16Array<ArrayBuffer>): ArrivingTensor {
  const dtype = floatDtype(name, tensor);
  const element = elementsOf(tensor);
  const bits = memory.subarray(0, element(tensor.end));
  return {
    take(_, begin, piece) {
      const converted = bits.subarray(element(begin), element(begin + piece.byteLength));
      toFloat16(piece, dtype, converted);
      // The conversion can overflow in any tensor.
      if (dtype !== "F16" || bits.length <= CHECKED_VALUES) refuseNonFiniteHalves(name, tensor, converted, () => float32Of(piece, dtype));
    },
    finish: () => bits,
  };
}

function floats(name: string, tensor: StoredTensor, format: Target): ArrivingTensor {
  const dtype = floatDtype(name, tensor);
  const element = elementsOf(tensor);
  const values = new Float32Array(element(tensor.end));
  return {
    take: (_, begin, piece) => toFloat32(piece, dtype, values.subarray(element(begin), element(begin + piece.byteLength))),
    finish: () => rounded(name, tensor, gathered(tensor, values), format),
  };
}

/** ggml's blocks, kept where ours mean the same. */
function ggmlBlocks(name: string, tensor: StoredTensor, format: Exclude<WeightFormat, "f16">): ArrivingTensor {
  const dtype = floatDtype(name, tensor);
  const stored = new Uint8Array(tensor.end - tensor.begin);
  return {
    take: (_, begin, piece) => stored.set(piece, begin - tensor.begin),
    finish() {
      const kept = isQuantised(dtype) ? blocksFrom(stored, dtype, format) : undefined;
      return kept ?? rounded(name, tensor, float32Of(stored, dtype), format);
    },
  };
}

/** Blocks as our own files have them, with scales and minima in tensors of their own. */
function keptBlocks(name: string, tensor: StoredTensor, format: Target): ArrivingTensor {
  const stored = new Map(partsOf(tensor).map((part) => [part, new Uint8Array(part.end - part.begin)]));
  return {
    take: (part, begin, piece) => stored.get(part)?.set(piece, begin - part.begin),
    finish() {
      const blocks = decodeBlocks(name, tensor, stored);
      return blocks.format === format ? blocks : rounded(name, tensor, dequantise(blocks, blockShape(tensor.shape)), format);
    },
  };
}

/** @param values in row-major order */
function rounded(name: string, tensor: StoredTensor, values: Float32Array<ArrayBuffer>, format: Target): TensorValues {
  if (format === "f32") return values;
  if (format === "f16") {
    const bits = new Uint16Array(values.length);
    roundToFloat16(values, bits);
    refuseNonFiniteHalves(name, tensor, bits, () => values);
    return bits;
  }
  refuseBeyondFloat16(name, tensor, values);
  return quantise(values, blockShape(tensor.shape), format);
}

/** Whether runs of 32 values as they are stored are 32 inputs of one output. */
function hasWholeBlocks({ shape, strides }: StoredTensor): boolean {
  const { inputs, taps } = blockShape(shape);
  return strides === undefined && taps === 1 && inputs % BLOCK_INPUTS === 0;
}

/** Which element begins at a place in the file. */
function elementsOf({ begin, dtype }: StoredTensor): (at: number) => number {
  const block = blockOf(dtype);
  return (at) => ((at - begin) / block.bytes) * block.elements;
}
