// What was measured on one adapter: how products of certain shapes are computed there, where that is known better than by the tile table.
// A tuning is data. It is measured in tune.ts, kept by whoever has a place for it, and looked up in kernels/gemm/plan.ts, which
// takes nothing of it on trust. Without one the tile table decides.
import { isTileName, type TileName } from "./kernels/gemm/tile";

/** How a product is computed: with a tile, and its reduction in so many parts. */
export interface ProductChoice {
  readonly tile: TileName;
  readonly splits: number;
}

/** By the shape's name (kernels/gemm/plan.ts), the last measured last. Shapes for which the table's choice is the best are there too. */
export type Tuning = ReadonlyMap<string, ProductChoice>;

/** Shapes that are kept. A network has sixteen that are measured, for each size of pictures. */
const MOST_SHAPES = 512;

/** A tuning as it is kept. */
export interface KeptTuning {
  /** Of what was measured: kernels, and the software between them and the adapter. */
  readonly version: string;
  readonly choices: readonly (readonly [shape: string, tile: string, splits: number])[];
}

export function keptTuning(tuning: Tuning, version: string): KeptTuning {
  return { version, choices: [...tuning].slice(-MOST_SHAPES).map(([shape, { tile, splits }]) => [shape, tile, splits]) };
}

/** What was kept of this version. Anything else, whatever it is, says nothing. */
export function tuningFrom(kept: unknown, version: string): Tuning {
  const { version: measured, choices }: { readonly version?: unknown; readonly choices?: unknown } = Object(kept);
  const listed: readonly unknown[] = measured === version && Array.isArray(choices) ? choices.slice(-MOST_SHAPES) : [];
  return new Map(
    listed.flatMap((each) => {
      const [shape, tile, splits]: readonly unknown[] = Array.isArray(each) ? each : [];
      return typeof shape === "string" && isTileName(tile) && typeof splits === "number" ? [[shape, { tile, splits }]] : [];
    }),
  );
}

/** Choices in a few digits that people can compare, whatever their order (FNV-1a); undefined where there are none. */
export function fingerprint(choices: Iterable<string>): string | undefined {
  const text = [...new Set(choices)].toSorted().join("\n");
  if (text === "") return undefined;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
