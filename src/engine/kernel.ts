// What a kernel is: WGSL text with named bindings and sizes, and nothing of a device.
// `assembleWgsl` adds what every kernel shares, so that one body serves float32,
// float16 and packed-float16 storage, and all shapes: sizes are a uniform.
import type { Tensor, NumberFormat } from "./tensor";
import type { LayerNorm, Linear } from "./ops";
import type { GemmPlan } from "./kernels/gemm/plan";
import type { KernelTraits } from "./traits";
import type { Tuning } from "./tuning";
import type { Weight, RegionBytes } from "./weight-layout";

/** `weight` is float16: `f16` where the device has it, else pairs packed in `u32`. */
export type BindingElement = "activation" | "weight" | "f32" | "u32";

/**
 * A storage buffer of a kernel, read or written through generated accessors on f32 values
 * (u32 for `u32`): `load_NAME(index)`, `store_NAME(index, value)`. With two or four lanes the index
 * counts vectors.
 */
export interface Binding {
  readonly name: string;
  /**
   * "update" has both accessors; an invocation may load what it has stored itself. "count" is of u32 that many invocations add to:
   * `count_up_NAME(index, count)`.
   */
  readonly access: "read" | "write" | "update" | "count";
  readonly element: BindingElement;
  readonly lanes: 1 | 2 | 4;
}

export interface Kernel {
  /** For profiles and messages: "conv2d". */
  readonly name: string;
  /** In the order of their `@binding` numbers. At most 8, or as many as the target says. */
  readonly bindings: readonly Binding[];
  /** u32 values the body reads as `sizes.NAME`. */
  readonly sizes: Readonly<Record<string, number>>;
  /** f32 values the body reads as `sizes.NAME`. */
  readonly scalars?: Readonly<Record<string, number>>;
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** WGSL with the entry point `main`. */
  readonly code: string;
  /** Its threads hold many results: see `KernelTarget.subgroup`. */
  readonly holdsResults?: boolean;
}

/** What generated WGSL may use, and how. */
export interface KernelTarget {
  readonly format: NumberFormat;
  /** `shader-f16` is there: weights are `f16`. */
  readonly half: boolean;
  /** Bytes of workgroup memory: at least 16384. */
  readonly workgroupBytes: number;
  /** Invocations of a workgroup: at least 256. */
  readonly invocations: number;
  /** Largest storage binding in bytes: at least 128 MiB. */
  readonly bindingBytes: number;
  /** Storage bindings of a kernel: at least 8. */
  readonly storageBuffers: number;
  /** Lanes of the subgroups that kernels which hold many results ask for; undefined leaves it to the driver. */
  readonly subgroup?: number | undefined;
  /** What is decided by the kind of adapter. */
  readonly traits: KernelTraits;
  /** What was measured on this adapter, where anything was. */
  readonly tuning?: Tuning | undefined;
}

/** What every adapter has of these limits. */
export const LEAST_LIMITS = {
  workgroupBytes: 16_384,
  invocations: 256,
  storageBuffers: 8,
  bindingBytes: 2 ** 27,
} as const satisfies Partial<KernelTarget>;

/** A run of `[begin, end)` rows (all axes but the last, flattened) of a tensor too large for one binding. */
export interface RowWindow {
  readonly tensor: Tensor;
  readonly begin: number;
  readonly end: number;
}

/** A weight's `region` is its values, if not said otherwise (weight-layout.ts). */
export type BufferSource =
  | { readonly tensor: Tensor }
  | { readonly window: RowWindow }
  | { readonly weight: Weight; readonly region?: keyof RegionBytes };

/** A kernel with its buffers by binding name. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly buffers: Readonly<Record<string, BufferSource>>;
  /** How it was planned, if it is a matrix product. */
  readonly product?: GemmPlan;
}

/**
 * A tensor that a split product has left in parts: its reader adds them up, and stores the tensor on the way
 * (kernels/gemm/parts.ts). The tensor's rows follow each other in whole quads.
 */
export interface Parts {
  readonly bindings: readonly Binding[];
  readonly buffers: Readonly<Record<string, BufferSource>>;
  readonly sizes: Readonly<Record<string, number>>;
  /** WGSL of `summed(row: u32, quad: u32) -> vec4<f32>`. */
  readonly code: string;
}

/**
 * The moments of a tensor's rows, which the product that computed it has left for a layer norm: mean and centred square sum of
 * `channels` channels at a time, f32 `[parts, 2 * rows]` (kernels/gemm/row-moments.ts).
 */
export interface RowMoments {
  readonly tensor: Tensor;
  readonly parts: number;
  readonly channels: number;
}

/** What lowering a node may ask of the plan. */
export interface Lowering {
  readonly target: KernelTarget;
  /** The next node reads this one's result first and can add up its parts. */
  readonly leavesParts: boolean;
  /** Tensors that were left in parts, by id. */
  readonly parts: Map<number, Parts>;
  /** Layer norms that the products that read them apply themselves, by the id of their result (fuse/layer-norms.ts). */
  readonly norms: ReadonlyMap<number, LayerNorm>;
  /** Shortcuts that the convolution to which they are added computes itself, by the id of their result (fuse/shortcuts.ts). */
  readonly shortcuts: ReadonlyMap<number, Linear>;
  /** Products that give queries, which their cross-attention computes itself, by the id of their result (fuse/queries.ts). */
  readonly queries: ReadonlyMap<number, Linear>;
  /** Such a norm reads this node's result: the product leaves the moments of its rows. */
  readonly leavesMoments: boolean;
  /** Moments of rows that were left, by the id of the tensor. */
  readonly moments: Map<number, RowMoments>;
  /** A tensor that lives only within this node. */
  scratch(shape: readonly number[], element: Tensor["element"]): Tensor;
}

/** Along each axis of a dispatch. */
export const MAX_WORKGROUPS = 65_535;

/** Spreads `count` workgroups over x and y; `linearEntryPoint` counts them, and may pass the last. */
export function linearWorkgroups(count: number): readonly [number, number, number] {
  if (count <= MAX_WORKGROUPS) return [count, 1, 1];
  const rows = Math.ceil(count / MAX_WORKGROUPS);
  return [Math.ceil(count / rows), rows, 1];
}
