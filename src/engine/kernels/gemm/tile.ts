// Tiles of the matrix-product generators, and the one place that chooses between them.
// A tile is a parameter, never a property of a weight: weights lie the same for all.
import type { KernelTarget } from "../../kernel";

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

export const TILES = {
  /** 64 accumulators a thread: 16 multiply-adds for each `vec4` read from the tiles. */
  large: { rows: 128, columns: 64, depth: 16, threadRows: 8, threadColumns: 8 },
  medium: { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 4 },
  small: { rows: 32, columns: 32, depth: 16, threadRows: 4, threadColumns: 4 },
  /** Value and gate quads side by side in one thread. */
  wide: { rows: 32, columns: 64, depth: 16, threadRows: 4, threadColumns: 8 },
  /** Images and latents: up to eight output channels. */
  narrow: { rows: 128, columns: 8, depth: 16, threadRows: 4, threadColumns: 4 },
} as const satisfies Readonly<Record<string, Tile>>;

/**
 * Software adapters' tiles, without workgroup memory. Reads are many instructions a lane there,
 * so what counts is multiply-adds for each value read. Two sets: adapters with float16 (lavapipe)
 * take seconds to compile a large block, those without (SwiftShader) a third of a second.
 */
const SOFTWARE_TILES = {
  half: {
    usual: { rows: 8, columns: 32, depth: 4, threadRows: 4, threadColumns: 4 },
    narrow: { rows: 32, columns: 4, depth: 4, threadRows: 4, threadColumns: 4 },
    gated: { rows: 8, columns: 32, depth: 4, threadRows: 2, threadColumns: 8 },
  },
  packed: {
    usual: { rows: 16, columns: 32, depth: 4, threadRows: 16, threadColumns: 8 },
    narrow: { rows: 64, columns: 4, depth: 4, threadRows: 16, threadColumns: 4 },
    gated: { rows: 16, columns: 32, depth: 4, threadRows: 16, threadColumns: 8 },
  },
} as const satisfies Readonly<Record<"half" | "packed", Readonly<Record<"usual" | "narrow" | "gated", Tile>>>>;

export interface GemmShape {
  readonly rows: number;
  readonly columns: number;
  /** Slices of the reduction for a depth in channels. */
  slices(depth: number): number;
  readonly gated: boolean;
}

export interface GemmPlan {
  readonly tile: Tile;
  /** Without workgroup memory: `depth` is not used. */
  readonly direct: boolean;
  /** Parts the reduction is cut into; above 1 they are summed by a second pass, in a fixed order. */
  readonly splits: number;
}

/** Workgroups that keep a discrete GPU busy: fewer, and the reduction is split. */
const BUSY_WORKGROUPS = 256;
/** A part of a split reduction has at least this many slices, to be worth its partial sums. */
const MIN_SLICES = 8;
const MAX_SPLITS = 32;

export function threadsOf(tile: Tile): number {
  return (tile.rows / tile.threadRows) * (tile.columns / tile.threadColumns);
}

export function planGemm(shape: GemmShape, target: KernelTarget): GemmPlan {
  if (target.software) return { tile: softwareTile(shape, target), direct: true, splits: 1 };
  const tile = chooseTile(shape);
  return { tile, direct: false, splits: shape.gated ? 1 : splitsOf(shape, tile) };
}

function splitsOf(shape: GemmShape, tile: Tile): number {
  const workgroups = workgroupsOf(shape, tile);
  if (workgroups > BUSY_WORKGROUPS / 2) return 1;
  const possible = Math.floor(shape.slices(tile.depth) / MIN_SLICES);
  return Math.max(1, Math.min(Math.ceil(BUSY_WORKGROUPS / workgroups), possible, MAX_SPLITS));
}

function softwareTile({ columns, gated }: GemmShape, { half }: KernelTarget): Tile {
  const tiles = half ? SOFTWARE_TILES.half : SOFTWARE_TILES.packed;
  if (gated) return tiles.gated;
  return columns <= 4 ? tiles.narrow : tiles.usual;
}

function chooseTile(shape: GemmShape): Tile {
  if (shape.gated) return workgroupsOf(shape, TILES.large) >= BUSY_WORKGROUPS ? TILES.large : TILES.wide;
  if (shape.columns <= 8) return TILES.narrow;
  if (workgroupsOf(shape, TILES.large) >= BUSY_WORKGROUPS) return TILES.large;
  if (shape.rows > 32 && shape.columns > 32) return TILES.medium;
  return TILES.small;
}

function workgroupsOf(shape: GemmShape, tile: Tile): number {
  return Math.ceil(shape.rows / tile.rows) * Math.ceil(shape.columns / tile.columns);
}
