// A tensor as a file holds it, whatever the file's format: a number format, a shape and a range of bytes. A tensor that is stored under
// another name, as a slice of a larger one or transposed is a view: a tensor over the same bytes. Views copy nothing.
import { OnestrokeError } from "../common/errors";
import type { ByteSource } from "./byte-source";
import type { QuantisedFormat } from "../common/weight-format";
import { blockOf, type Dtype } from "./dtype";

export interface StoredTensor {
  readonly source: ByteSource;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Bytes in the file, `[begin, end)`. They need not be aligned. */
  readonly begin: number;
  readonly end: number;
  /** Elements from one value to the next along each axis, if the values do not stand in row-major order. */
  readonly strides?: readonly number[];
  /** If the values are quantised: their format, and where scales and minima are. `shape` is then that of the weights. */
  readonly blocks?: {
    readonly format: QuantisedFormat;
    readonly scales: StoredTensor;
    readonly minima?: StoredTensor;
  };
}

/** Tensors by name, in the order of their file. */
export type StoredTensors = ReadonlyMap<string, StoredTensor>;

/** All ranges of bytes that a tensor is read from. */
export function partsOf(tensor: StoredTensor): readonly StoredTensor[] {
  const { scales, minima } = tensor.blocks ?? {};
  return [tensor, scales, minima].filter((part) => part !== undefined);
}

/**
 * Rows `[first, first + count)` of a row-major tensor.
 * @throws OnestrokeError `model-unsupported` where rows are not whole blocks of a quantised format, or the tensor is in blocks of our own
 */
export function rowsOf(tensor: StoredTensor, first: number, count: number): StoredTensor {
  refuseBlocks(tensor);
  const [, ...rest] = tensor.shape;
  const { elements, bytes } = blockOf(tensor.dtype);
  const rowBytes = (rest.reduce((size, axis) => size * axis, 1) / elements) * bytes;
  if (!Number.isInteger(rowBytes)) {
    throw new OnestrokeError("model-unsupported", `${tensor.source.name}: a row of ${tensor.dtype} is not made of whole blocks`, {
      file: tensor.source.name,
    });
  }
  const begin = tensor.begin + first * rowBytes;
  return { ...tensor, shape: [count, ...rest], begin, end: begin + count * rowBytes };
}

/** A matrix with its axes exchanged. */
export function transposed(tensor: StoredTensor): StoredTensor {
  refuseBlocks(tensor);
  const [rows = 1, columns = 1] = tensor.shape;
  const [down = columns, across = 1] = tensor.strides ?? [];
  return { ...tensor, shape: [columns, rows], strides: [across, down] };
}

/** Files in the original layout, whose tensors are cut up and turned, are not written in blocks. */
function refuseBlocks({ blocks, source }: StoredTensor): void {
  if (blocks === undefined) return;
  throw new OnestrokeError("model-unsupported", `${source.name} has weights in blocks, and is not in diffusers' layout`, {
    file: source.name,
  });
}

/** The values in row-major order, out of the values as they stand in the file. */
export function gathered({ shape, strides }: StoredTensor, stored: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  if (strides === undefined) return stored;
  const values = new Float32Array(shape.reduce((size, axis) => size * axis, 1));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    values[to] = stored[from] ?? Number.NaN;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      from += strides[axis] ?? 0;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      from -= next * (strides[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return values;
}
