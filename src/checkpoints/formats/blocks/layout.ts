// Weights in blocks as our own safetensors files hold them; docs/quantisation.md documents the layout. A weight NAME of the shape
// [outputs, inputs, ...taps] is three tensors at most, so that any tool can read it:
//
//   NAME          q8: I8, [outputs, inputs, ...taps]       q4: U8, [outputs, inputs / 2, ...taps], the even input in the low four bits
//   NAME.scales   F16, [outputs, inputs / 32, ...taps]
//   NAME.minima   the same, for q4 alone
//
// A file that has such weights says so in its metadata; without that, integers are refused as they always are.
import { blockShape, isWithinFloat16, type Blocks } from "../../../common/blocks";
import { OnestrokeError } from "../../../common/errors";
import { BLOCK_INPUTS, type QuantisedFormat } from "../../../common/weight-format";
import { ruleError } from "../../safetensors";
import type { StoredTensor, StoredTensors } from "../../stored-tensor";

/** The metadata's key, and the only version of this layout. */
export const BLOCKS_KEY = "onestroke.blocks";
export const BLOCKS_VERSION = "1";

export const SCALES = ".scales";
export const MINIMA = ".minima";

/** Weights per byte. */
export const PER_BYTE = { q8: 1, q4: 2 } as const satisfies Record<QuantisedFormat, number>;

/**
 * Joins the tensors that are one weight.
 * @throws OnestrokeError `model-unsupported` for another version; `model-corrupt` where scales or minima are missing or do not fit
 */
export function joinBlocks(tensors: StoredTensors, metadata: ReadonlyMap<string, string>): StoredTensors {
  const version = metadata.get(BLOCKS_KEY);
  if (version === undefined) return tensors;
  const [any] = tensors.values();
  if (version !== BLOCKS_VERSION) {
    const file = any?.source.name ?? "";
    throw new OnestrokeError(
      "model-unsupported",
      `${file} has weights in blocks of version "${version.slice(0, 40)}", and ${BLOCKS_VERSION} is read`,
      {
        file,
        remedy: "Update Onestroke, or quantise the model again with this version.",
      },
    );
  }
  const joined = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensors) {
    const [scales, minima] = [tensors.get(name + SCALES), tensors.get(name + MINIMA)];
    if (scales !== undefined) joined.set(name, joinedTensor(name, tensor, scales, minima));
    else if (minima !== undefined) throw ruleError(11, tensor.source.name, "has minima and no scales", name);
    else if (!isPart(name, tensors)) joined.set(name, tensor);
  }
  return joined;
}

function isPart(name: string, tensors: StoredTensors): boolean {
  return [SCALES, MINIMA].some((suffix) => name.endsWith(suffix) && tensors.has(name.slice(0, -suffix.length)));
}

function joinedTensor(name: string, tensor: StoredTensor, scales: StoredTensor, minima: StoredTensor | undefined): StoredTensor {
  const format: QuantisedFormat = minima === undefined ? "q8" : "q4";
  const [outputs = 0, stored = 0, ...taps] = tensor.shape;
  const shape = [outputs, stored * PER_BYTE[format], ...taps];
  const { inputs } = blockShape(shape);
  const blocks = [outputs, inputs / BLOCK_INPUTS, ...taps].join();
  const fits = [scales, minima ?? scales].every((part) => part.dtype === "F16" && part.shape.join() === blocks);
  if (tensor.dtype !== (format === "q8" ? "I8" : "U8") || !fits) {
    throw ruleError(
      11,
      tensor.source.name,
      `is ${tensor.dtype} [${tensor.shape.join(", ")}], and its scales or minima do not fit it`,
      name,
    );
  }
  return { ...tensor, shape, blocks: { format, scales, ...(minima === undefined ? {} : { minima }) } };
}

/**
 * @param stored the bytes of the tensor and of its scales and minima
 * @throws OnestrokeError `model-corrupt` where a scale or a minimum is no number that was written
 */
export function decodeBlocks(name: string, tensor: StoredTensor, stored: ReadonlyMap<StoredTensor, Uint8Array<ArrayBuffer>>): Blocks {
  const { blocks } = tensor;
  const values = stored.get(tensor);
  if (blocks === undefined || values === undefined) throw new RangeError(`${name} is not stored in blocks`);
  const halves = (part: StoredTensor) => new Uint16Array(stored.get(part)?.buffer ?? new ArrayBuffer(0));
  const scales = halves(blocks.scales);
  const decoded: Blocks =
    blocks.minima === undefined
      ? { format: "q8", values: new Int8Array(values.buffer), scales }
      : { format: "q4", values: unpacked(values, blockShape(tensor.shape).taps), scales, minima: halves(blocks.minima) };
  if (isWithinFloat16(decoded)) return decoded;
  throw ruleError(15, tensor.source.name, "has scales or minima that are NaN, infinite or too large", name);
}

/** One weight in each byte: for every tap, the even input and then the odd one. */
function unpacked(pairs: Uint8Array, taps: number): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(2 * pairs.length);
  for (let i = 0; i < pairs.length; i++) {
    const even = 2 * i - (i % taps);
    values[even] = (pairs[i] ?? 0) & 15;
    values[even + taps] = (pairs[i] ?? 0) >> 4;
  }
  return values;
}

/** What `unpacked` takes apart. */
export function packedPairs(values: Uint8Array, taps: number): Uint8Array<ArrayBuffer> {
  const pairs = new Uint8Array(values.length / 2);
  for (let i = 0; i < pairs.length; i++) {
    const even = 2 * i - (i % taps);
    pairs[i] = (values[even] ?? 0) | ((values[even + taps] ?? 0) << 4);
  }
  return pairs;
}
