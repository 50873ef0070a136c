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
const SLAB_BYTES = [32, 48, 64, 96, 128, 192, 256, 384].map((mebibytes) => mebibytes * 2 ** 20);

/** How often an order is bettered, and by how many places at a time. More of either gained nothing for any network that was counted. */
const ROUNDS = 32;
const PLACES_EARLIER = 4;

/**
 * The smallest of some layouts, because no order of placing is best for all plans.
 * @param conflicts pairs (read, written) by one dispatch: they go to different slabs
 * @param maxSlabBytes largest buffer the device makes
 * @returns undefined if a tensor alone exceeds `maxSlabBytes`
 */
export function layoutArena(
  tensors: readonly ArenaTensor[],
  conflicts: Iterable<readonly [number, number]>,
  maxSlabBytes: number,
): ArenaLayout | undefined {
  const apart = new Map<number, Set<number>>();
  const meet = (a: number, b: number) => apart.set(a, (apart.get(a) ?? new Set()).add(b));
  for (const [a, b] of conflicts) {
    meet(a, b);
    meet(b, a);
  }
  // Large tensors first: they are hardest to place.
  const bySize = tensors.toSorted((a, b) => b.byteLength - a.byteLength || a.begin - b.begin);
  // As they come to life, and before them those that live for ever: each takes the place of one that has just ended.
  const inTime = tensors.toSorted(byLife);
  const limits = new Set([maxSlabBytes, ...SLAB_BYTES.map((bytes) => Math.min(maxSlabBytes, bytes))]);
  const timely = [...limits].map((limit) => place(inTime, apart, limit)).reduce(smaller, undefined);
  if (timely === undefined) return undefined;
  const { limit } = timely;
  const others = [place(bySize, apart, maxSlabBytes), place(bySize, apart, limit), bettered(inTime, apart, limit)];
  const { placements, slabs } = others.reduce<Layout>(smaller, timely);
  return { placements, slabBytes: slabs.map(({ byteLength }) => byteLength) };
}

export function arenaBytes({ slabBytes }: Pick<ArenaLayout, "slabBytes">): number {
  return slabBytes.reduce((total, bytes) => total + bytes, 0);
}

interface Resident {
  readonly tensor: ArenaTensor;
  readonly from: number;
  /** Where another may begin. */
  readonly to: number;
}

interface Slab {
  byteLength: number;
  /** By their place. */
  readonly residents: Resident[];
}

interface Layout {
  readonly placements: ReadonlyMap<number, Placement>;
  readonly slabs: readonly Slab[];
  readonly byteLength: number;
  /** What a slab of it may have. */
  readonly limit: number;
}

/** By id, those that a tensor must not share a slab with. */
type Apart = ReadonlyMap<number, ReadonlySet<number>>;

function smaller<T extends Layout | undefined>(left: T, right: Layout | undefined): T | Layout {
  if (right === undefined) return left;
  return left === undefined || right.byteLength < left.byteLength ? right : left;
}

function byLife(a: ArenaTensor, b: ArenaTensor): number {
  return Number(isForever(b)) - Number(isForever(a)) || a.begin - b.begin || b.byteLength - a.byteLength;
}

function isForever({ end }: ArenaTensor): boolean {
  return end === Number.MAX_SAFE_INTEGER;
}

/** The smallest layout of some rounds: after each, the tensors that make a slab as large as it is are placed earlier. */
function bettered(order: readonly ArenaTensor[], apart: Apart, limit: number): Layout | undefined {
  const next = [...order];
  let best: Layout | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const layout = place(next, apart, limit);
    best = smaller(best, layout);
    for (const { byteLength, residents } of layout?.slabs ?? []) {
      for (const { tensor, to } of residents) {
        if (to < byteLength) continue;
        const at = next.indexOf(tensor);
        next.splice(at, 1);
        next.splice(Math.max(0, at - PLACES_EARLIER), 0, tensor);
      }
    }
  }
  return best;
}

/** Puts each tensor where the arena grows least, at the lowest gap there. */
function place(order: readonly ArenaTensor[], apart: Apart, limit: number): Layout | undefined {
  const placements = new Map<number, Placement>();
  const slabs: Slab[] = [];
  for (const tensor of order) {
    if (tensor.byteLength > limit) return undefined;
    const forbidden = new Set([...(apart.get(tensor.id) ?? [])].map((id) => placements.get(id)?.slab));
    let best: (Placement & { readonly growth: number }) | undefined;
    for (let slab = 0; slab <= slabs.length; slab++) {
      if (forbidden.has(slab)) continue;
      const offset = lowestGap(tensor, slabs[slab]?.residents ?? []);
      const end = offset + tensor.byteLength;
      if (end > limit) continue;
      const growth = Math.max(0, end - (slabs[slab]?.byteLength ?? 0));
      if (!best || growth < best.growth) best = { slab, offset, growth };
    }
    if (!best) return undefined;
    const { slab, offset } = best;
    placements.set(tensor.id, { slab, offset });
    const to = roundUp(offset + tensor.byteLength, ALIGNMENT);
    const home = (slabs[slab] ??= { byteLength: 0, residents: [] });
    settle(home.residents, { tensor, from: offset, to });
    home.byteLength = Math.max(home.byteLength, Math.min(to, limit));
  }
  return { placements, slabs, byteLength: slabs.reduce((sum, { byteLength }) => sum + byteLength, 0), limit };
}

/** Lowest aligned offset free of residents alive at the same time. */
function lowestGap({ begin, end, byteLength }: ArenaTensor, residents: readonly Resident[]): number {
  let offset = 0;
  for (const { tensor, from, to } of residents) {
    if (tensor.begin > end || begin > tensor.end) continue;
    if (offset + byteLength <= from) break;
    offset = Math.max(offset, to);
  }
  return offset;
}

/** Adds one to those of a slab, at its place among them. */
function settle(residents: Resident[], resident: Resident): void {
  const after = residents.findIndex(({ from }) => from > resident.from);
  residents.splice(after < 0 ? residents.length : after, 0, resident);
}
