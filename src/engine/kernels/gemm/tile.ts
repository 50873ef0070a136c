// Tiles of matrix products, as data: which tiles there are, and for which shapes each kind of
// adapter takes them. A tile is a parameter, never a property of a weight: weights lie the same for all.

/**
 * A workgroup computes `rows` x `columns` results in slices of `depth` channels; each
 * invocation holds `threadRows` x `threadColumns` of them in named registers.
 * All but `threadRows` are multiples of four.
 */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly threadRows: number;
  readonly threadColumns: number;
}

/** A tile and the products it is for: all that is said here must hold. */
export interface TileRule {
  readonly tile: Tile;
  /** The rule is for gated products only; without this, for all. */
  readonly gated?: true;
  /** The rule holds only where its tile gives enough workgroups to keep the adapter busy. */
  readonly ifBusy?: true;
  /** The rule holds only where its tile gives so many workgroups that the reduction is not split (half of busy). */
  readonly ifWhole?: true;
  readonly minRows?: number;
  readonly minColumns?: number;
  readonly maxColumns?: number;
}

export function threadsOf(tile: Tile): number {
  return (tile.rows / tile.threadRows) * (tile.columns / tile.threadColumns);
}

export const TILES = {
  /** 64 accumulators a thread: 16 multiply-adds for each `vec4` read from the tiles. */
  large: { rows: 128, columns: 64, depth: 16, threadRows: 8, threadColumns: 8 },
  medium: { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 4 },
  small: { rows: 32, columns: 32, depth: 16, threadRows: 4, threadColumns: 4 },
  /** Value and gate quads side by side in one thread. */
  wide: { rows: 32, columns: 64, depth: 16, threadRows: 4, threadColumns: 8 },
  /** The same for few registers. */
  thin: { rows: 32, columns: 32, depth: 16, threadRows: 2, threadColumns: 8 },
  /** Images and latents: up to eight output channels. */
  narrow: { rows: 128, columns: 8, depth: 16, threadRows: 4, threadColumns: 4 },
} as const satisfies Readonly<Record<string, Tile>>;

export type TileName = keyof typeof TILES;

export function isTileName(value: unknown): value is TileName {
  return typeof value === "string" && Object.hasOwn(TILES, value);
}

/** The first rule that holds decides; the last holds always. */
export const GPU_TILES: readonly TileRule[] = [
  { tile: TILES.large, gated: true, ifBusy: true },
  { tile: TILES.wide, gated: true },
  { tile: TILES.narrow, maxColumns: 8 },
  { tile: TILES.large, ifBusy: true },
  // Few columns and a short reduction, as in AutoencoderTiny: parts would cost more than they gain.
  { tile: TILES.wide, minRows: 33, minColumns: 33, maxColumns: 64, ifWhole: true },
  { tile: TILES.medium, minRows: 33, minColumns: 33 },
  { tile: TILES.small },
];

/** The same for 128 registers a thread: sixteen sums, their parts in float16 and what they are made of. */
export const SMALL_GPU_TILES: readonly TileRule[] = [
  { tile: TILES.thin, gated: true },
  { tile: TILES.narrow, maxColumns: 8 },
  { tile: TILES.small },
];

/**
 * Tiles without workgroup memory (`depth` is not used). Reads are many instructions a lane on
 * software adapters, so what counts is multiply-adds for each value read. Those with float16
 * (lavapipe) take seconds to compile a large block, those without (SwiftShader) a third of a second.
 */
export const SMALL_DIRECT_TILES: readonly TileRule[] = [
  { tile: { rows: 8, columns: 32, depth: 4, threadRows: 2, threadColumns: 8 }, gated: true },
  { tile: { rows: 32, columns: 4, depth: 4, threadRows: 4, threadColumns: 4 }, maxColumns: 4 },
  { tile: { rows: 8, columns: 32, depth: 4, threadRows: 4, threadColumns: 4 } },
];

export const LARGE_DIRECT_TILES: readonly TileRule[] = [
  { tile: { rows: 16, columns: 32, depth: 4, threadRows: 16, threadColumns: 8 }, gated: true },
  { tile: { rows: 64, columns: 4, depth: 4, threadRows: 16, threadColumns: 4 }, maxColumns: 4 },
  { tile: { rows: 16, columns: 32, depth: 4, threadRows: 16, threadColumns: 8 } },
];
