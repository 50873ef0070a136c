// How a dispatch is cut into tiles, for whoever works out what it takes: the files of kernels are the engine's own.
import type { KernelTarget } from "./kernel";
import { attentionTile } from "./kernels/attention/choose-core";
import { keysOf, outputQuads, queriesOf, tileBytes } from "./kernels/attention/tile";
import { choiceOf, resultRowsOf, type GemmPlan } from "./kernels/gemm/plan";
import { threadsOf, type Tile, type TileName } from "./kernels/gemm/tile";

export type { TileName };

export interface ProductTile extends Tile {
  readonly name: TileName;
  /** Invocations of a workgroup. */
  readonly threads: number;
}

export function productTileOf(plan: GemmPlan): ProductTile {
  return { ...plan.tile, name: choiceOf(plan).tile, threads: threadsOf(plan.tile) };
}

/** Rows of its result. */
export function productRowsOf({ shape }: GemmPlan): number {
  return resultRowsOf(shape);
}

export interface AttentionTile {
  /** Invocations of a workgroup, and the queries that each has. */
  readonly threads: number;
  readonly queriesOfThread: number;
  /** Of a workgroup, and the keys that it walks at a time. */
  readonly queries: number;
  readonly keys: number;
  /** Channel quads of the output that an invocation has. */
  readonly outputQuads: number;
  /** Of workgroup memory. */
  readonly bytes: number;
}

/** @param headSize channels of a head */
export function attentionTileOf(headSize: number, target: KernelTarget): AttentionTile {
  const quads = Math.ceil(headSize / 4);
  const tile = attentionTile(quads, target);
  return {
    threads: tile.columns * tile.rows,
    queriesOfThread: tile.queries,
    queries: queriesOf(tile),
    keys: keysOf(tile),
    outputQuads: outputQuads(quads, tile),
    bytes: tileBytes(quads, tile),
  };
}
