// What the matrix kernels, linear and conv2d, are tested in, and how exact their sums of
// products must be.
import type { KernelTarget } from "../../../kernel";
import type { NumberFormat } from "../../../tensor";
import { TRAITS } from "../../../traits";

export interface Format {
  readonly name: string;
  readonly format: NumberFormat;
  readonly target?: Partial<KernelTarget>;
}

/** Of a case: which formats beside the first it runs in. All, or all but packed weights, whose conversion the driver compiles slowly. */
export type Formats = "all" | "unpacked";

const BASE: Format = { name: "f32", format: "f32" };

export const FORMATS: readonly Format[] = [
  BASE,
  { name: "f32 with packed weights", format: "f32", target: { half: false, traits: TRAITS.software } },
  { name: "f16", format: "f16" },
  { name: "f16 tiles multiplied in f32", format: "f16", target: { traits: TRAITS.hardwareWithFloat16Tiles } },
  { name: "f16 for few registers", format: "f16", target: { traits: TRAITS.hardwareWithFewRegisters } },
  { name: "f16 multiplied in f16", format: "f16", target: { traits: TRAITS.hardwareWithFastFloat16 } },
];

/** The software driver takes seconds for a kernel, and minutes on a machine that does something else beside. */
export const COMPILE_TIMEOUT_MS = 600_000;

/** The first format runs every case, the others those marked. */
export function casesIn<Case extends { readonly formats?: Formats }>(format: Format, cases: readonly Case[]): readonly Case[] {
  if (format === BASE) return cases;
  return cases.filter(({ formats }) => formats === "all" || (formats && format.target?.half !== false));
}

/** Terms of a sum in float16: the depth of the tiles. */
const BLOCK = 16;

/**
 * Relative RMS error of a sum of k products in float32: random rounding grows like sqrt(k), and 4
 * sigma are allowed. The activations' slopes are at most 1.2; erf adds 2e-7. Stored f16: 2^-11 at most.
 * A block of n terms summed in float16 is rounded n times, by 2^-12 RMS of a partial sum that grows like sqrt(i): of
 * the whole sum that is 2^-12 sqrt((n + 1) / 2), whatever k; half as much again is allowed for slopes and short sums.
 */
export function sumTolerance(k: number, { format, target }: Pick<Format, "format" | "target">): number {
  const sum = 4 * 2 ** -24 * Math.sqrt(k + 4) + 3e-7;
  if (format === "f32") return sum;
  const blocks = target?.traits?.multipliesInFloat16 ? 1.5 * 2 ** -12 * Math.sqrt((BLOCK + 1) / 2) : 0;
  return sum + 2 ** -11 + blocks;
}
