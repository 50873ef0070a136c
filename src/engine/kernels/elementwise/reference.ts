// The elementwise operations in float64 on logical arrays: `elementwise` visits every
// (row, channel) of an output, and the broadcasts are spelled out by index.
import { activate } from "../../activations";
import type { Activation } from "../../ops";

type Values = ArrayLike<number>;

/** `[rows, channels]` from a function of row and channel. */
export function elementwise(rows: number, channels: number, of: (row: number, channel: number) => number): Float64Array {
  return Float64Array.from({ length: rows * channels }, (_, i) => of(Math.floor(i / channels), i % channels));
}

export function at(values: Values, index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length}`);
  return value;
}

/** b: `[rows / rowsPerItem, channels]` */
export function binaryReference(
  operation: "add" | "multiply",
  x: Values,
  b: Values,
  rows: number,
  channels: number,
  rowsPerItem: number,
): Float64Array {
  return elementwise(rows, channels, (row, channel) => {
    const [left, right] = [at(x, row * channels + channel), at(b, Math.floor(row / rowsPerItem) * channels + channel)];
    return operation === "add" ? left + right : left * right;
  });
}

/** modulation: `[rows / rowsPerItem, chunks * channels]` */
export function gatedAddReference(
  x: Values,
  b: Values,
  modulation: Values,
  rows: number,
  channels: number,
  rowsPerItem: number,
  chunks: number,
  chunk: number,
): Float64Array {
  return elementwise(rows, channels, (row, channel) => {
    const gate = at(modulation, (Math.floor(row / rowsPerItem) * chunks + chunk) * channels + channel);
    return at(x, row * channels + channel) + gate * at(b, row * channels + channel);
  });
}

/** x: `[rows, 2 * channels]` */
export function gatedActivationReference(
  x: Values,
  rows: number,
  channels: number,
  activation: Activation,
  gateFirst: boolean,
): Float64Array {
  return elementwise(rows, channels, (row, channel) => {
    const [first, last] = [at(x, row * 2 * channels + channel), at(x, (row * 2 + 1) * channels + channel)];
    return gateFirst ? last * activate(activation, first) : first * activate(activation, last);
  });
}
