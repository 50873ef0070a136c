// How attention is cut into tiles: a workgroup of `columns * rows` invocations owns
// `rows * queries` queries and walks the keys in tiles of `columns * 4`.
// All tiles together fit the target's workgroup memory (16 KiB by default).
import { OnestrokeError } from "../../../common/errors";
import type { KernelTarget } from "../../kernel";

export interface Tile {
  /** Invocations side by side over keys (scores) and channel quads (values). */
  readonly columns: number;
  /** Invocations one above the other over queries. */
  readonly rows: number;
  /** Queries of one invocation. */
  readonly queries: number;
  /** Channel quads of q and k staged at a time; the whole head where it fits. */
  readonly chunk: number;
  /** Keys whose values are staged at a time; a multiple of four dividing the key tile. */
  readonly valueKeys: number;
  /** Tiles are float16. */
  readonly halfTiles: boolean;
  /** Products of such tiles are multiplied in float16, in blocks whose sums are added up in float32. */
  readonly half: boolean;
}

/** Keys of one invocation: one `vec4` of scores per query. */
export const KEYS_PER_INVOCATION = 4;

export function keysOf(tile: Tile): number {
  return tile.columns * KEYS_PER_INVOCATION;
}

export function queriesOf(tile: Tile): number {
  return tile.rows * tile.queries;
}

/** Channel quads of the output one invocation owns; the last may lie past the head. */
export function outputQuads(quads: number, tile: Tile): number {
  return Math.ceil(quads / tile.columns);
}

/** `vec4`s between staged rows: odd, so rows start in different banks. */
export function pitchOf(tile: Tile): number {
  return tile.chunk | 1;
}

/** Whether keys and values of a tile are staged whole, not by chunks of the head. */
export function stagesWholeHeads(quads: number, tile: Tile): boolean {
  return tile.chunk >= quads && tile.valueKeys === keysOf(tile);
}

/** Where values begin in the region of keys and values: float16 leaves room for both at once, otherwise they follow each other. */
export function valuesBegin(quads: number, tile: Tile): number {
  return tile.halfTiles && stagesWholeHeads(quads, tile) ? keysOf(tile) * pitchOf(tile) : 0;
}

/** `vec4`s of the region of keys and values. */
export function stagedQuads(quads: number, tile: Tile): number {
  const keys = keysOf(tile) * pitchOf(tile);
  const values = tile.valueKeys * outputQuads(quads, tile) * tile.columns;
  return Math.max(keys, valuesBegin(quads, tile) + values);
}

/** Bytes of workgroup memory. */
export function tileBytes(quads: number, tile: Tile): number {
  const elementBytes = tile.halfTiles ? 2 : 4;
  const queries = queriesOf(tile) * pitchOf(tile) * 4 * elementBytes;
  const weights = queriesOf(tile) * keysOf(tile) * elementBytes;
  const partials = queriesOf(tile) * tile.columns * 4;
  return queries + stagedQuads(quads, tile) * 4 * elementBytes + weights + partials;
}

interface TileTarget extends Pick<KernelTarget, "workgroupBytes">, Pick<Tile, "halfTiles" | "half"> {
  readonly fewRegisters: boolean;
}

/**
 * The first arrangement that fits, from best to worst: many queries per invocation (each staged
 * value is used that often), then more invocations, then the head staged in chunks. Among columns
 * those that divide the head evenly, then few: a taller tile stages less per product.
 * @throws OnestrokeError `gpu-unsupported` if none fits
 */
export function chooseTile(quads: number, target: TileTarget): Tile {
  const { halfTiles, half, fewRegisters } = target;
  const byWaste = COLUMNS.toSorted((a, b) => waste(quads, a) - waste(quads, b) || a - b);
  for (const { queries, invocations, chunk, outputs } of fewRegisters ? SMALL_ARRANGEMENTS : ARRANGEMENTS) {
    for (const columns of byWaste) {
      if (half && chunk === "whole" && columns * KEYS_PER_INVOCATION > MOST_KEYS_IN_FLOAT16) continue;
      const staging = chunk === "whole" ? { chunk: quads, valueKeys: columns * KEYS_PER_INVOCATION } : { chunk, valueKeys: chunk };
      const tile = { columns, rows: Math.floor(invocations / columns), queries, halfTiles, half, ...staging };
      const fits = tileBytes(quads, tile) <= target.workgroupBytes && keysOf(tile) % tile.valueKeys === 0;
      if (fits && outputQuads(quads, tile) * queries <= outputs) return tile;
    }
  }
  throw new OnestrokeError("gpu-unsupported", `attention heads of ${quads * 4} channels do not fit this GPU's workgroup memory`);
}

const COLUMNS: readonly number[] = [4, 5, 6, 7, 8, 9, 16, 32];

/** Keys whose weighted values are added up in float16 before they are added in float32. */
const MOST_KEYS_IN_FLOAT16 = 36;

interface Arrangement {
  readonly queries: number;
  readonly invocations: number;
  readonly chunk: "whole" | number;
  /** Accumulators of one invocation as `vec4`s, beyond which registers would spill. */
  readonly outputs: number;
}

const ARRANGEMENTS: readonly Arrangement[] = [
  { queries: 4, invocations: 64, chunk: "whole", outputs: 20 },
  { queries: 4, invocations: 32, chunk: "whole", outputs: 20 },
  { queries: 2, invocations: 64, chunk: "whole", outputs: 20 },
  { queries: 4, invocations: 128, chunk: 8, outputs: 32 },
  { queries: 4, invocations: 64, chunk: 4, outputs: 32 },
  { queries: 2, invocations: 128, chunk: 4, outputs: 32 },
  { queries: 1, invocations: 128, chunk: 4, outputs: 32 },
];

/** For 128 registers a thread: 48 of them are outputs at most. The last is for heads that do not fit otherwise. */
const SMALL_ARRANGEMENTS: readonly Arrangement[] = [
  { queries: 1, invocations: 128, chunk: "whole", outputs: 8 },
  { queries: 1, invocations: 64, chunk: "whole", outputs: 12 },
  { queries: 1, invocations: 128, chunk: 4, outputs: 32 },
];

/** Accumulators past the head's end, as a share. */
function waste(quads: number, columns: number): number {
  return (Math.ceil(quads / columns) * columns) / quads;
}
