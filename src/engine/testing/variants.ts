// The kinds of target a kernel is tested for, all on one driver: number formats, and tiles for hardware and for software.
import type { KernelTarget } from "../kernel";
import type { NumberFormat } from "../tensor";
import { TRAITS } from "../traits";

export interface Variant {
  readonly variant: string;
  readonly format: NumberFormat;
  readonly target: Partial<KernelTarget>;
}

export const VARIANTS: readonly Variant[] = [
  { variant: "f16, hardware tiles", format: "f16", target: { traits: TRAITS.hardware } },
  { variant: "f32, packed weights, software tiles", format: "f32", target: { traits: TRAITS.software, half: false } },
  { variant: "f32, hardware tiles", format: "f32", target: { traits: TRAITS.hardware } },
];
