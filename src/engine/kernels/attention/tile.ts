// How attention is cut into tiles: a workgroup of `columns * rows` invocations owns
// `rows * queries` queries and walks the keys in tiles of `columns * 4`.
// All tiles are f32 and together fit the target's workgroup memory (16 KiB by default).
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

/** The largest tile of the list that fits; `quads` is the head size over four, rounded up. */
export function chooseTile(quads: number, target: KernelTarget): Tile {
  const fits = (tile: Tile): boolean =>
    tileBytes(quads, tile) <= target.workgroupBytes && outputQuads(quads, tile) * tile.queries <= MAX_OUTPUT_QUADS;
  const found = candidates(quads).find(fits);
  if (!found) throw new RangeError(`attention heads of ${quads * 4} channels do not fit workgroup memory`);
  return found;
}

/** Output accumulators of one invocation, as `vec4`s: more would spill. */
const MAX_OUTPUT_QUADS = 32;

function candidates(quads: number): readonly Tile[] {
  const whole = [4, 2].map((queries) => ({ columns: 4, rows: 8, queries, chunk: quads, valueKeys: 16 }));
  const wide = { columns: 8, rows: 8, queries: 2, chunk: quads, valueKeys: 16 };
  const chunked = [8, 16, 32].map((columns) => ({ columns, rows: 4, queries: 4, chunk: 4, valueKeys: 4 }));
  return [...whole, wide, ...chunked];
}
