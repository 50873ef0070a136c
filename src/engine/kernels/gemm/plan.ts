// How one matrix product is computed: with which tile, and in how many parts of its reduction. The tile table of the target
// (../../traits.ts) says it for every shape; what was measured on the adapter (../../tuning.ts) says it better for some.
import { invariant } from "../../../common/errors";
import type { NumberFormat } from "../../tensor";
import type { KernelTraits } from "../../traits";
import type { ProductChoice, Tuning } from "../../tuning";
import { TILES, type Tile, type TileName, type TileRule } from "./tile";

export interface GemmShape {
  /** What is multiplied, beside the sizes: "linear q8", "conv2d 3x3". What has this and the sizes in common takes equally long. */
  readonly kind: string;
  readonly rows: number;
  /** So many products, each of these rows, are one result; default 1. */
  readonly products?: number;
  readonly columns: number;
  /** Slices of the reduction for a depth in channels. */
  slices(depth: number): number;
  readonly gated: boolean;
}

/** What of a kernel's target decides. */
export interface GemmTarget {
  readonly format: NumberFormat;
  readonly bindingBytes: number;
  readonly traits: Pick<KernelTraits, "gemmTiles" | "busyWorkgroups" | "sharesThroughWorkgroupMemory">;
  readonly tuning?: Tuning | undefined;
}

export interface GemmPlan {
  readonly shape: GemmShape;
  /** The shape with the number format, as a tuning names it. */
  readonly name: string;
  readonly tile: Tile;
  /** Without workgroup memory: `depth` is not used. */
  readonly direct: boolean;
  /** Parts the reduction is cut into; above 1 they are summed by a second pass, in a fixed order. */
  readonly splits: number;
  /** It was measured here, and the table says otherwise. */
  readonly isTuned: boolean;
}

/** A part of a split reduction has at least this many slices, to be worth its partial sums. */
const MIN_SLICES = 8;
const MAX_SPLITS = 32;
/** Slices in series that a split saves at least: adding up the parts takes about as long, for it is a dispatch more. */
const LEAST_SAVED = 12;

export function planGemm(shape: GemmShape, target: GemmTarget): GemmPlan {
  const { gemmTiles, busyWorkgroups, sharesThroughWorkgroupMemory } = target.traits;
  const rule = gemmTiles.find((each) => holds(each, shape, busyWorkgroups));
  invariant(rule !== undefined, "the last rule of a tile table holds always");
  const { tile } = rule;
  const rows = shape.products === undefined ? shape.rows : `${shape.products}x${shape.rows}`;
  const name = `${target.format} ${shape.kind} ${rows}x${shape.columns}x${4 * shape.slices(4)}${shape.gated ? " gated" : ""}`;
  if (!sharesThroughWorkgroupMemory) return { shape, name, tile, direct: true, splits: 1, isTuned: false };
  const byTable = { shape, name, tile, direct: false, splits: splitsOf(shape, tile, busyWorkgroups), isTuned: false };
  const measured = target.tuning?.get(name);
  if (measured === undefined || isSame(measured, byTable) || !canTake(shape, measured, target)) return byTable;
  return { ...byTable, tile: TILES[measured.tile], splits: measured.splits, isTuned: true };
}

/** Of all its products. */
export function resultRowsOf({ rows, products = 1 }: GemmShape): number {
  return products * rows;
}

/** The plan as it is written down. */
export function choiceOf({ tile, splits }: GemmPlan): ProductChoice {
  const name = TILE_NAMES.find((each) => TILES[each] === tile);
  invariant(name !== undefined, "a product has a tile of the table");
  return { tile: name, splits };
}

/** Other ways that are worth a try: every tile that is not mostly empty, split as by rule, and this one in half and twice as many parts. */
export function otherChoices(plan: GemmPlan, target: GemmTarget): readonly ProductChoice[] {
  const { shape } = plan;
  const { rows, columns } = shape;
  const full = TILE_NAMES.filter((tile) => TILES[tile].rows < 2 * rows && TILES[tile].columns < 2 * columns);
  const byRule = full.map((tile) => ({ tile, splits: splitsOf(shape, TILES[tile], target.traits.busyWorkgroups) }));
  const { tile, splits } = choiceOf(plan);
  const resplit = [Math.floor(splits / 2), splits * 2].map((parts) => ({ tile, splits: parts }));
  return [...byRule, ...resplit].filter((choice) => !isSame(choice, plan) && canTake(shape, choice, target));
}

const TILE_NAMES: readonly TileName[] = ["large", "medium", "small", "wide", "thin", "narrow"];

function isSame({ tile, splits }: ProductChoice, plan: Pick<GemmPlan, "tile" | "splits">): boolean {
  return TILES[tile] === plan.tile && splits === plan.splits;
}

/** Whether the kernels compute the shape in this way: a kept choice may be of anything. */
function canTake(shape: GemmShape, { tile, splits }: ProductChoice, { bindingBytes }: GemmTarget): boolean {
  // Value and gate are in one thread, and what is gated needs whole sums.
  if (shape.gated && (TILES[tile].threadColumns < 8 || splits !== 1)) return false;
  // The thin tile is for what is gated: otherwise the small one reads less.
  if (tile === "thin" && !shape.gated) return false;
  // The narrow tile is for few columns: the moments of a result's rows would be in too many parts.
  if (tile === "narrow" && shape.columns > TILES.narrow.columns) return false;
  if (!Number.isInteger(splits) || splits < 1 || splits > MAX_SPLITS) return false;
  return (
    splits === 1 ||
    (splits <= shape.slices(TILES[tile].depth) / MIN_SLICES && 4 * splits * resultRowsOf(shape) * shape.columns <= bindingBytes)
  );
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
  if (shape.gated || isWhole(shape, tile, busy)) return 1;
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
  const { products = 1 } = shape;
  return products * Math.ceil(shape.rows / tile.rows) * Math.ceil(shape.columns / tile.columns);
}
