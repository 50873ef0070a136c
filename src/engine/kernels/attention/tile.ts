// How attention is cut into tiles: a workgroup of `columns * rows` invocations owns
// `rows * queries` queries and walks the keys in tiles of `columns * 4`.
// All tiles are f32 and together fit the target's workgroup memory (16 KiB by default).
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

/** `vec4`s of the region shared by keys and values (and by queries, where they are staged in chunks). */
export function stagedQuads(quads: number, tile: Tile): number {
  const keys = keysOf(tile) * pitchOf(tile);
  const values = tile.valueKeys * outputQuads(quads, tile) * tile.columns;
  return Math.max(keys, values);
}

/** Bytes of workgroup memory. */
export function tileBytes(quads: number, tile: Tile): number {
  const queries = queriesOf(tile) * pitchOf(tile) * 16;
  const probabilities = queriesOf(tile) * keysOf(tile) * 4;
  const partials = queriesOf(tile) * tile.columns * 4;
  return queries + stagedQuads(quads, tile) * 16 + probabilities + partials;
}

/**
 * The first arrangement that fits, from best to worst: many queries per invocation (each staged
 * value is used that often), then more invocations, then the head staged in chunks. Among columns
 * those that divide the head evenly, then few: a taller tile stages less per product.
 * @throws OnestrokeError `gpu-unsupported` if none fits
 */
export function chooseTile(quads: number, target: Pick<KernelTarget, "workgroupBytes">): Tile {
  const byWaste = COLUMNS.toSorted((a, b) => waste(quads, a) - waste(quads, b) || a - b);
  for (const { queries, invocations, chunk, outputs } of ARRANGEMENTS) {
    for (const columns of byWaste) {
      const staging = chunk === "whole" ? { chunk: quads, valueKeys: columns * KEYS_PER_INVOCATION } : { chunk, valueKeys: chunk };
      const tile = { columns, rows: Math.floor(invocations / columns), queries, ...staging };
      const fits = tileBytes(quads, tile) <= target.workgroupBytes && keysOf(tile) % tile.valueKeys === 0;
      if (fits && outputQuads(quads, tile) * queries <= outputs) return tile;
    }
  }
  throw new OnestrokeError("gpu-unsupported", `attention heads of ${quads * 4} channels do not fit this GPU's workgroup memory`);
}

const COLUMNS: readonly number[] = [4, 5, 6, 7, 8, 9, 16, 32];

/** `outputs`: accumulators of one invocation as `vec4`s, beyond which registers would spill. */
const ARRANGEMENTS = [
  { queries: 4, invocations: 64, chunk: "whole", outputs: 20 },
  { queries: 4, invocations: 32, chunk: "whole", outputs: 20 },
  { queries: 2, invocations: 64, chunk: "whole", outputs: 20 },
  { queries: 4, invocations: 128, chunk: 8, outputs: 32 },
  { queries: 4, invocations: 64, chunk: 4, outputs: 32 },
  { queries: 2, invocations: 128, chunk: 4, outputs: 32 },
  { queries: 1, invocations: 128, chunk: 4, outputs: 32 },
] as const;

/** Accumulators past the head's end, as a share. */
function waste(quads: number, columns: number): number {
  return (Math.ceil(quads / columns) * columns) / quads;
}
