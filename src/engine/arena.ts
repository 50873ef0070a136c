// Packs a plan's tensors into a few GPU buffers ("slabs"). Tensors whose lifetimes do
// not meet share memory; no dispatch reads and writes the same slab, because WebGPU
// forbids that even for disjoint ranges. Pure arithmetic: no device here.
import { roundUp } from "./tensor";

export interface ArenaTensor {
  readonly id: number;
  readonly byteLength: number;
  /** First and last dispatch that touches it, inclusive. */
  readonly begin: number;
  readonly end: number;
}

export interface Placement {
  readonly slab: number;
  readonly offset: number;
}

export interface ArenaLayout {
  readonly placements: ReadonlyMap<number, Placement>;
  readonly slabBytes: readonly number[];
}

const ALIGNMENT = 256;

/**
 * @param conflicts pairs (read, written) by one dispatch: they go to different slabs
 * @param maxSlabBytes largest buffer the device makes
 * @returns undefined if a tensor alone exceeds `maxSlabBytes`
 */
export function layoutArena(
  tensors: readonly ArenaTensor[],
  conflicts: Iterable<readonly [number, number]>,
  maxSlabBytes: number,
): ArenaLayout | undefined {
  const neighbours = new Map<number, Set<number>>();
  const meet = (a: number, b: number) => neighbours.set(a, (neighbours.get(a) ?? new Set()).add(b));
  for (const [a, b] of conflicts) {
    meet(a, b);
    meet(b, a);
  }
  const placements = new Map<number, Placement>();
  const residents: ArenaTensor[][] = [];
  const slabBytes: number[] = [];
  // Large tensors first: they are hardest to place.
  const order = tensors.toSorted((a, b) => b.byteLength - a.byteLength || a.begin - b.begin);
  for (const tensor of order) {
    if (tensor.byteLength > maxSlabBytes) return undefined;
    const forbidden = new Set([...(neighbours.get(tensor.id) ?? [])].map((id) => placements.get(id)?.slab));
    let best: { slab: number; offset: number; growth: number } | undefined;
    for (let slab = 0; slab <= residents.length; slab++) {
      if (forbidden.has(slab)) continue;
      const offset = lowestGap(tensor, residents[slab] ?? [], placements);
      const end = offset + tensor.byteLength;
      if (end > maxSlabBytes) continue;
      const growth = Math.max(0, end - (slabBytes[slab] ?? 0));
      if (!best || growth < best.growth) best = { slab, offset, growth };
    }
    if (!best) return undefined;
    placements.set(tensor.id, best);
    (residents[best.slab] ??= []).push(tensor);
    slabBytes[best.slab] = Math.max(slabBytes[best.slab] ?? 0, roundUp(best.offset + tensor.byteLength, ALIGNMENT));
  }
  return { placements, slabBytes };
}

/** Lowest aligned offset free of residents alive at the same time. */
function lowestGap(tensor: ArenaTensor, residents: readonly ArenaTensor[], placements: ReadonlyMap<number, Placement>): number {
  const alive = residents
    .filter((other) => other.begin <= tensor.end && tensor.begin <= other.end)
    .map((other) => ({ from: placements.get(other.id)?.offset ?? 0, bytes: other.byteLength }))
    .toSorted((a, b) => a.from - b.from);
  let offset = 0;
  for (const { from, bytes } of alive) {
    if (offset + tensor.byteLength <= from) break;
    offset = Math.max(offset, roundUp(from + bytes, ALIGNMENT));
  }
  return offset;
}
