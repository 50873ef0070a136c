// Symbolic tensors and how they lie in GPU memory. No buffers here.
//
// Every tensor has a batch axis and its channels last: images are
// `[batch, height, width, channels]` (NHWC), token sequences `[batch, tokens, channels]`.
// In memory the last axis is padded to a multiple of four elements ("stride"), so kernels
// read and write whole `vec4`s without tail guards. The padding holds finite values, not
// always zeros: reductions over channels mask it, products meet zero weights there.

/** Number format of activations in a plan. Accumulation is always f32. */
export type NumberFormat = "f32" | "f16";

/** `activation`: the plan's number format. `f32`: always (latents, coefficients). `u32`: ids, packed pixels. */
export type ElementType = "activation" | "f32" | "u32";

export type Shape = readonly number[];

export interface Tensor {
  /** Unique within its graph. */
  readonly id: number;
  readonly shape: Shape;
  readonly element: ElementType;
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

export function product(values: readonly number[]): number {
  return values.reduce((left, right) => left * right, 1);
}

/** Length of the last axis. */
export function channelsOf(tensor: { readonly shape: Shape }): number {
  return tensor.shape.at(-1) ?? 1;
}

/** Product of all axes but the last. */
export function rowsOf(tensor: { readonly shape: Shape }): number {
  return product(tensor.shape.slice(0, -1));
}

/** Elements between one row and the next: channels padded to a multiple of four. */
export function strideOf(tensor: { readonly shape: Shape }): number {
  return roundUp(channelsOf(tensor), 4);
}

/** `vec4`s between one row and the next. */
export function quadsOf(tensor: { readonly shape: Shape }): number {
  return strideOf(tensor) / 4;
}

export function elementBytes(element: ElementType, format: NumberFormat): number {
  return element === "activation" && format === "f16" ? 2 : 4;
}

/** Bytes of the tensor in GPU memory, padding included. */
export function byteLengthOf(tensor: Tensor, format: NumberFormat): number {
  return rowsOf(tensor) * strideOf(tensor) * elementBytes(tensor.element, format);
}

/** One axis of a shape, checked. */
export function axis(tensor: { readonly shape: Shape }, index: number): number {
  const length = tensor.shape.at(index);
  if (length === undefined) throw new RangeError(`no axis ${index} in [${tensor.shape.join(", ")}]`);
  return length;
}
