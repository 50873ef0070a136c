// For tests of what is chosen by a target's traits: a graph's kernels on one kind of adapter, and its outputs on two.
import type { WeightFormat } from "../../common/weight-format";
import { fuseGraph } from "../fuse";
import { GraphBuilder } from "../graph-builder";
import { LEAST_LIMITS, type KernelTarget } from "../kernel";
import { stageGraph } from "../stages";
import { product, type NumberFormat } from "../tensor";
import type { KernelTraits } from "../traits";
import { checkpointTensors } from "../weights";
import { evaluate, expectClose, random } from "./evaluate";

type Build = (g: GraphBuilder) => void;

/** Names of the kernels of a fused graph, in order. */
export function kernelsOn(build: Build, traits: KernelTraits, limits: Partial<KernelTarget> = {}): readonly string[] {
  const target: KernelTarget = { ...LEAST_LIMITS, format: "f16", half: true, ...limits, traits };
  return stageGraph(graphOf(build), target).dispatches.map(({ kernel }) => kernel.name);
}

export interface Comparison {
  readonly format: NumberFormat;
  readonly weights?: WeightFormat | undefined;
  readonly tolerance: number;
  /** What becomes of an input's random values. */
  readonly change?: (name: string, values: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>;
}

/** Random inputs and weights give the same outputs with both kinds of traits. */
export async function expectSameOutputs(
  build: Build,
  [one, other]: readonly [KernelTraits, KernelTraits],
  { format, weights: stored = "f16", tolerance, change = (_, values) => values }: Comparison,
): Promise<void> {
  const graph = graphOf(build);
  const inputs = Object.fromEntries(
    [...graph.inputs].map(([name, { tensor }], index) => [name, change(name, random(product(tensor.shape), index + 1))]),
  );
  const weights = Object.fromEntries(
    [...checkpointTensors(graph)].map(([key, shape], index) => [key, random(product(shape), 100 + index).map((value) => value / 8)]),
  );
  const run = (traits: KernelTraits) => evaluate(build, { inputs, weights }, { format, weights: stored, fuse: true, target: { traits } });
  const expected = await run(other);
  const actual = await run(one);
  for (const [name, values] of Object.entries(expected)) expectClose(actual[name] ?? [], values, tolerance);
}

function graphOf(build: Build) {
  const builder = new GraphBuilder();
  build(builder);
  return fuseGraph(builder.build());
}
