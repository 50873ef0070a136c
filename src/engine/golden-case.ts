// What a kernel's `golden/cases.ts` lists: small graphs whose WGSL is worth reading.
import type { WeightFormat } from "../common/weight-format";
import type { GraphBuilder } from "./graph-builder";

/** The kinds of adapter, with and without `shader-f16`, that kernels differ for. */
export type GoldenTarget = "gpu-f16" | "gpu-tiles-f16" | "gpu-fast-f16" | "gpu-few-registers" | "gpu-f32" | "software-f16" | "software-f32";

export interface GoldenCase {
  /** The file's name, before the target's. */
  readonly name: string;
  readonly on: readonly GoldenTarget[];
  /** Default float16. */
  readonly weights?: WeightFormat;
  readonly build: (g: GraphBuilder) => void;
}
