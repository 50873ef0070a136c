// The kinds of target a kernel is tested for, all on one driver: number formats, size
// modes, tiles for hardware and for software. Pairings are those that devices have.
import type { KernelTarget } from "../kernel";
import type { NumberFormat } from "../tensor";

export interface Variant {
  readonly variant: string;
  readonly format: NumberFormat;
  readonly sizes: "constant" | "uniform";
  readonly target: Partial<KernelTarget>;
}

export const VARIANTS: readonly Variant[] = [
  { variant: "f16, constant sizes", format: "f16", sizes: "constant", target: { software: false } },
  { variant: "f32, constant sizes, packed weights", format: "f32", sizes: "constant", target: { software: false, half: false } },
  { variant: "f32, uniform sizes", format: "f32", sizes: "uniform", target: { software: true } },
  { variant: "f16, uniform sizes", format: "f16", sizes: "uniform", target: { software: true } },
];
