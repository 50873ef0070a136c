// The kinds of target a kernel is tested for, all on one driver: number formats, size
// modes, tiles for hardware and for software. Pairings are chosen so that each is met.
import type { KernelTarget } from "../kernel";
import type { NumberFormat } from "../tensor";
import { TRAITS } from "../traits";

export interface Variant {
  readonly variant: string;
  readonly format: NumberFormat;
  readonly sizes: "constant" | "uniform";
  readonly target: Partial<KernelTarget>;
}

export const VARIANTS: readonly Variant[] = [
  { variant: "f16, uniform sizes, hardware tiles", format: "f16", sizes: "uniform", target: { traits: TRAITS.hardware } },
  {
    variant: "f32, packed weights, uniform sizes, software tiles",
    format: "f32",
    sizes: "uniform",
    target: { traits: TRAITS.software, half: false },
  },
  { variant: "f32, constant sizes, hardware tiles", format: "f32", sizes: "constant", target: { traits: TRAITS.hardware } },
];

/** Constant sizes compile every shape anew, which is slow on software drivers: they get every third case. */
export function casesFor<Case>({ sizes }: Variant, cases: readonly Case[]): readonly Case[] {
  return sizes === "uniform" ? cases : cases.filter((_, index) => index % 3 === 0);
}
