// Checkpoint tensors as parts of weights: which tensors a graph reads, where each lies in its weight, and how a piece of one is packed.
import { invariant } from "../common/errors";
import type { LowRank } from "../common/low-rank";
import type { StoredPiece } from "../common/stored-pieces";
import type { PackedPart } from "./add-low-rank";
import type { Kernel } from "./kernel";
import { packOutputs, packRows } from "./kernels/pack/kernel";
import { roundUp } from "./tensor";
import { type Weight, extents, outputsOf } from "./weight-layout";
import type { WantedTensor } from "./weight-source";

/** A checkpoint tensor in a weight. */
export interface WeightPart {
  readonly weight: Weight;
  /** Its own outputs, inputs and taps, and the first of its outputs among the weight's. */
  readonly n: number;
  readonly k: number;
  readonly taps: number;
  readonly first: number;
}

/** The parts that each checkpoint tensor is; mostly it is one. */
export function partsByKey(weights: readonly Weight[]): ReadonlyMap<string, readonly WeightPart[]> {
  const parts = new Map<string, WeightPart[]>();
  for (const weight of weights) {
    let first = 0;
    weight.keys.forEach((key, index) => {
      const part = { weight, first, ...extents(weight.layout, weight.shapes[index] ?? []) };
      parts.set(key, [...(parts.get(key) ?? []), part]);
      first += part.n;
    });
  }
  return parts;
}

/** What a source is asked for. */
export function wantedBy(weights: readonly Weight[]): ReadonlyMap<string, WantedTensor> {
  const wanted = new Map<string, WantedTensor>();
  for (const [key, parts] of partsByKey(weights)) {
    for (const { weight, ...part } of parts) {
      const shape = weight.shapes[weight.keys.indexOf(key)] ?? [];
      const run = leastCommonMultiple(wanted.get(key)?.run ?? 1, runOf(weight.layout, part));
      wanted.set(key, { shape, format: weight.format ?? "f16", run });
    }
  }
  return wanted;
}

/** Values that are packed together: four outputs of a matrix share quads with no others, and rows of a table do. */
function runOf(layout: Weight["layout"], { n, k, taps }: Pick<WeightPart, "n" | "k" | "taps">): number {
  return layout === "table" ? n : 4 * taps * (layout === "vector" ? 1 : k);
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}

/** @param tensor which counters of values that are not finite are this tensor's */
export function packKernel(
  { weight, n, k, taps, first }: WeightPart,
  piece: Pick<StoredPiece, "numbers" | "at" | "first" | "count">,
  tensor: number,
): Kernel {
  const { numbers, at, count } = piece;
  const total = outputsOf(weight);
  invariant(first % 4 === 0, `a part of ${weight.keys.join("+")} begins within four outputs`);
  const place = { numbers, begin: at, tensor, rowQuads: roundUp(total, 4) / 4, halfQuads: weight.interleaved ? total / 8 : 0 };
  switch (weight.layout) {
    case "vector":
      return packRows({ ...place, rows: 1, firstRow: 0, rowValues: count, firstQuad: (first + piece.first) / 4 });
    case "table":
      return packRows({ ...place, rows: count / n, firstRow: piece.first / n, rowValues: n, firstQuad: 0 });
    case "matrix":
    case "convolution": {
      const firstQuad = (first + piece.first / (k * taps)) / 4;
      return packOutputs({ ...place, outputs: count / (k * taps), inputs: k, taps, firstQuad });
    }
  }
}

/** Where the kernel that adds to packed weights finds a part, and what it adds there. */
export function lowRankOf({ weight, n, k, taps, first }: WeightPart, added: LowRank): readonly [PackedPart, LowRank] {
  const total = outputsOf(weight);
  const isMatrix = weight.layout === "matrix" || weight.layout === "convolution";
  const part = { n, first, k, k4: isMatrix ? roundUp(k, 4) : k, taps, n4: roundUp(total, 4), half: weight.interleaved ? total / 2 : 0 };
  // A table is packed as it is stored: its rows are what inputs are elsewhere.
  return [part, weight.layout === "table" ? turned(added, k, n) : added];
}

/** The product's transpose. @param outputs of the product as it is given */
function turned({ up, down, rank, scale }: LowRank, outputs: number, inputs: number): LowRank {
  return { up: columns(down, rank, inputs), down: columns(up, outputs, rank), rank, scale };
}

function columns(matrix: Float32Array<ArrayBuffer>, rows: number, width: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(matrix, (_, at) => matrix[(at % rows) * width + Math.floor(at / rows)] ?? 0);
}
