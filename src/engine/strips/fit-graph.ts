// Makes a graph fit a budget of memory: whole where that fits, and in strips (strip-graph.ts) where it does not. Nothing else of the
// engine knows of strips. Pure arithmetic: the same shapes always give the same graph.
import type { Graph } from "../graph";
import { inputsOf } from "../ops";
import { rateMasks } from "../rates";
import { byteLengthOf, type NumberFormat, type Tensor } from "../tensor";
import { readersOf, stripGraph } from "./strip-graph";

export interface MemoryBudget {
  /** For all intermediate tensors of a plan. */
  readonly arenaBytes: number;
  /** The largest buffer that the device makes. */
  readonly bufferBytes: number;
}

/** Sixteen strips of a picture of 1024 lines are 64 lines each, of which a convolution reads 66. */
const STRIPS = 16;

/** An image of more than this share of the budget is large. */
const LARGE = 1 / 8;

/** An arena has gaps: what is alive at once may take this share of it. */
const FILLED = 0.9;

/** More recomputing than this costs more time than anybody waits. */
const MOST_RECOMPUTED = 4;

/** @returns the graph itself where it fits, or where it has no strips; else the one with the least recomputing that fits, or that comes nearest */
export function fitGraph(graph: Graph, format: NumberFormat, budget: MemoryBudget): Graph {
  const most = FILLED * budget.arenaBytes;
  const whole = peakOf(graph, format);
  if (whole.bytes <= most && whole.largest <= budget.bufferBytes) return graph;
  const largeBytes = Math.min(LARGE * budget.arenaBytes, budget.bufferBytes);
  const images = graph.nodes.map(({ output }) => output).filter(({ shape }) => shape.length === 4);
  const large = new Set(images.filter((image) => byteLengthOf(image, format) > largeBytes).map(({ id }) => id));
  let best = { graph, bytes: whole.largest <= budget.bufferBytes ? whole.bytes : Number.POSITIVE_INFINITY };
  const recomputed = new Set<number>();
  for (;;) {
    const stripped = stripGraph(graph, { large, count: STRIPS, recomputed });
    if (stripped === undefined) return best.graph;
    const { bytes, alive } = peakOf(stripped.graph, format);
    if (bytes < best.bytes) best = { graph: stripped.graph, bytes };
    const heaviest = heaviestOf(graph, alive, stripped.imageOf);
    if (best.bytes <= most || heaviest === undefined || recomputed.size >= MOST_RECOMPUTED) return best.graph;
    recomputed.add(heaviest);
  }
}

/** About what the arena of a graph takes, without laying it out. */
export function plannedArenaBytes(graph: Graph, format: NumberFormat): number {
  const { bytes, keptBytes } = peakOf(graph, format);
  return Math.ceil(keptBytes + (bytes - keptBytes) / FILLED);
}

interface Peak {
  /** The most that is alive at one time. */
  readonly bytes: number;
  /** Of them, what is alive all the time: it leaves no gaps. */
  readonly keptBytes: number;
  /** Bytes of the tensors that are, by id. */
  readonly alive: ReadonlyMap<number, number>;
  /** Of one tensor. */
  readonly largest: number;
}

/** Node by node, without what a node's kernels keep in between, which is little. */
function peakOf(graph: Graph, format: NumberFormat): Peak {
  const { nodes } = graph;
  const last = new Map<number, number>();
  nodes.forEach(({ op }, index) => {
    for (const { id } of inputsOf(op)) last.set(id, index);
  });
  const kept = keptTensors(graph);
  const alive = new Map([...kept.values()].map((tensor) => [tensor.id, byteLengthOf(tensor, format)]));
  const keptBytes = [...alive.values()].reduce((sum, each) => sum + each, 0);
  let peak: Peak = { bytes: 0, keptBytes, alive: new Map(), largest: 0 };
  let bytes = keptBytes;
  nodes.forEach(({ op, output }, index) => {
    const size = byteLengthOf(output, format);
    if (!alive.has(output.id)) bytes += size;
    alive.set(output.id, size);
    const largest = Math.max(peak.largest, size);
    peak = bytes > peak.bytes ? { bytes, keptBytes, alive: new Map(alive), largest } : { ...peak, largest };
    for (const { id } of inputsOf(op)) {
      if (last.get(id) !== index || kept.has(id)) continue;
      bytes -= alive.get(id) ?? 0;
      alive.delete(id);
    }
  });
  return peak;
}

/** What has memory of its own all the time: inputs, outputs, and what one stage leaves to another, such as a text's keys and values. */
function keptTensors(graph: Graph): ReadonlyMap<number, Tensor> {
  const masks = rateMasks(graph);
  const kept = new Map<number, Tensor>();
  for (const { tensor } of graph.inputs.values()) kept.set(tensor.id, tensor);
  for (const tensor of graph.outputs.values()) kept.set(tensor.id, tensor);
  for (const { op, output } of graph.nodes) {
    for (const tensor of inputsOf(op)) if (masks.get(tensor.id) !== masks.get(output.id)) kept.set(tensor.id, tensor);
  }
  return kept;
}

/** The kept image that takes most; of equal ones, the one that fewest read, because computing that again costs least. */
function heaviestOf(graph: Graph, alive: ReadonlyMap<number, number>, imageOf: ReadonlyMap<number, number>): number | undefined {
  const bytesOf = new Map<number, number>();
  for (const [id, bytes] of alive) {
    const image = imageOf.get(id);
    if (image !== undefined) bytesOf.set(image, (bytesOf.get(image) ?? 0) + bytes);
  }
  const [heaviest] = [...bytesOf].toSorted(
    ([left, leftBytes], [right, rightBytes]) => rightBytes - leftBytes || readersOf(graph, left) - readersOf(graph, right),
  );
  return heaviest?.[0];
}
