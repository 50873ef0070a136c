// How one matrix product is computed: with which tile, and in how many parts of its reduction.
// The choices are the target's data (../../traits.ts); here they are only looked up.
import { invariant } from "../../../common/errors";
import type { KernelTraits } from "../../traits";
import type { Tile, TileRule } from "./tile";

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

/** A part of a split reduction has at least this many slices, to be worth its partial sums. */
const MIN_SLICES = 8;
const MAX_SPLITS = 32;
/** Slices in series that a split saves at least: adding up the parts takes about as long, for it is a dispatch more. */
const LEAST_SAVED = 12;

export function planGemm(
  shape: GemmShape,
  traits: Pick<KernelTraits, "gemmTiles" | "busyWorkgroups" | "sharesThroughWorkgroupMemory">,
): GemmPlan {
  const rule = traits.gemmTiles.find((each) => holds(each, shape, traits.busyWorkgroups));
  invariant(rule !== undefined, "the last rule of a tile table holds always");
  const { tile } = rule;
  const direct = !traits.sharesThroughWorkgroupMemory;
  return { tile, direct, splits: direct || shape.gated ? 1 : splitsOf(shape, tile, traits.busyWorkgroups) };
}

function holds(
  { tile, gated, ifBusy, ifWhole, minRows = 1, minColumns = 1, maxColumns = Infinity }: TileRule,
  shape: GemmShape,
  busy: number,
): boolean {
  if (gated && !shape.gated) return false;
  if (ifBusy && workgroupsOf(shape, tile) < busy) return false;
  if (ifWhole && !isWhole(shape, tile, busy)) return false;
  return shape.rows >= minRows && shape.columns >= minColumns && shape.columns <= maxColumns;
}

function splitsOf(shape: GemmShape, tile: Tile, busy: number): number {
  if (isWhole(shape, tile, busy)) return 1;
  const workgroups = workgroupsOf(shape, tile);
  const slices = shape.slices(tile.depth);
  const parts = Math.min(Math.ceil(busy / workgroups), Math.floor(slices / MIN_SLICES), MAX_SPLITS);
  return slices - Math.ceil(slices / parts) >= LEAST_SAVED ? parts : 1;
}

/** Enough workgroups without a split: with two of them, there would be more than keep the adapter busy. */
function isWhole(shape: GemmShape, tile: Tile, busy: number): boolean {
  return workgroupsOf(shape, tile) >= busy / 2;
}

function workgroupsOf(shape: GemmShape, tile: Tile): number {
  return Math.ceil(shape.rows / tile.rows) * Math.ceil(shape.columns / tile.columns);
}
