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

/** Beside the device's own limit, because tensors that must be apart waste less of several small slabs than of two large ones. */
const SLAB_BYTES = [128, 192, 256, 384].map((mebibytes) => mebibytes * 2 ** 20);

/**
 * The smallest of a few layouts, because no order of placing is best for all plans.
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
  const orders = [
    // Large tensors first: they are hardest to place.
    tensors.toSorted((a, b) => b.byteLength - a.byteLength || a.begin - b.begin),
    // As they come to life, and before them those that live for ever: each takes the place of one that has just ended.
    tensors.toSorted(byLife),
  ];
  const limits = [...new Set([maxSlabBytes, ...SLAB_BYTES.map((bytes) => Math.min(maxSlabBytes, bytes))])];
  const layouts = orders
    .flatMap((order) => limits.map((limit) => place(order, neighbours, limit)))
    .filter((layout) => layout !== undefined);
  return layouts.toSorted((a, b) => arenaBytes(a) - arenaBytes(b))[0];
}

export function arenaBytes({ slabBytes }: Pick<ArenaLayout, "slabBytes">): number {
  return slabBytes.reduce((total, bytes) => total + bytes, 0);
}

function byLife(a: ArenaTensor, b: ArenaTensor): number {
  return Number(isForever(b)) - Number(isForever(a)) || a.begin - b.begin || b.byteLength - a.byteLength;
}

function isForever({ end }: ArenaTensor): boolean {
  return end === Number.MAX_SAFE_INTEGER;
}

function place(
  order: readonly ArenaTensor[],
  neighbours: ReadonlyMap<number, ReadonlySet<number>>,
  maxSlabBytes: number,
): ArenaLayout | undefined {
  const placements = new Map<number, Placement>();
  const residents: ArenaTensor[][] = [];
  const slabBytes: number[] = [];
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
