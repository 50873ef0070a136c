// Test harness: runs a small graph on the software driver and gives back plain arrays. A test
// that needs what this machine's adapter lacks is skipped from here, with the reason.
import type { LowRank } from "../../common/low-rank";
import { TestRunner } from "vitest";
import { blockShape, quantise } from "../../common/blocks";
import { OnestrokeError } from "../../common/errors";
import type { WeightFormat } from "../../common/weight-format";
import { openDevice, type Device } from "../device";
import { fromFloat16, toFloat16 } from "../../common/float16";
import { fuseGraph } from "../fuse";
import type { Graph } from "../graph";
import { GraphBuilder } from "../graph-builder";
import { nodeGpu } from "../node-gpu";
import { Plan, type PlanOptions } from "../plan";
import { quantiseGraph } from "../quantise-graph";
import { runPlan } from "../run";
import type { TensorData } from "../transfer";
import type { WeightSource } from "../weight-source";
import { Weights } from "../weights";

let opened: Promise<Device> | undefined;

/** The test process's device, opened once. Within a test, a machine without an adapter skips that test. */
export async function testDevice(): Promise<Device> {
  opened ??= openDevice(nodeGpu());
  try {
    return await opened;
  } catch (error) {
    if (error instanceof OnestrokeError && error.code === "gpu-unavailable") skipTest("this machine has no WebGPU adapter");
    throw error;
  }
}

function skipTest(reason: string): void {
  TestRunner.getCurrentTest()?.context.skip(reason);
}

export interface EvaluateData {
  /** Logical arrays: unpadded, channels last. */
  readonly inputs: Readonly<Record<string, TensorData>>;
  /** By checkpoint key, row-major; rounded to float16 on upload. */
  readonly weights?: Readonly<Record<string, Float32Array>>;
  /** What is added to them when they are loaded. */
  readonly added?: Readonly<Record<string, readonly LowRank[]>>;
}

export type EvaluateOptions = Partial<Pick<PlanOptions, "format" | "target">> & {
  /** Default false: every op is a dispatch of its own. */
  readonly fuse?: boolean;
  /** Default float16. */
  readonly weights?: WeightFormat;
  /** What the graph is turned into after that. */
  readonly rewrite?: (graph: Graph) => Graph;
};

/** Builds, plans (without fusion unless asked), runs, and reads every output. */
export async function evaluate(
  build: (g: GraphBuilder) => void,
  data: EvaluateData,
  { format = "f32", target = {}, fuse = false, weights: weightFormat = "f16", rewrite = (graph) => graph }: EvaluateOptions = {},
): Promise<Record<string, TensorData>> {
  const device = await testDevice();
  if (format === "f16" && !device.hasFloat16) skipTest("this adapter has no shader-f16");
  const builder = new GraphBuilder();
  build(builder);
  const graph = rewrite(quantiseGraph(fuse ? fuseGraph(builder.build()) : builder.build(), weightFormat));
  const weights = new Weights(device, arraySource(data.weights ?? {}, data.added));
  await weights.load(graph);
  const plan = await Plan.compile(device, graph, weights, { format, target });
  for (const [name, values] of Object.entries(data.inputs)) plan.write(name, values);
  await runPlan(plan);
  const outputs: Record<string, TensorData> = {};
  for (const name of graph.outputs.keys()) outputs[name] = await plan.read(name);
  plan.destroy();
  weights.evict();
  return outputs;
}

/** Weights from arrays, in float16 or as wanted, in the order of the arrays. */
export function arraySource(
  arrays: Readonly<Record<string, Float32Array>>,
  added: Readonly<Record<string, readonly LowRank[]>> = {},
): WeightSource {
  return {
    async *stream(wanted) {
      const missing = [...wanted.keys()].filter((key) => !(key in arrays));
      if (missing.length > 0) throw new Error(`the test gives no weight ${missing.join(", ")}`);
      for (const [key, values] of Object.entries(arrays)) {
        const tensor = wanted.get(key);
        if (tensor === undefined) continue;
        if (tensor.format === "f16") yield [key, Uint16Array.from(values, toFloat16), added[key] ?? []];
        else yield [key, quantise(values, blockShape(tensor.shape), tensor.format)];
      }
    },
  };
}

/** Deterministic standard normals (mulberry32, Box-Muller), rounded to float16 so that every format sees the same values. */
export function random(count: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 1) / 4_294_967_297;
  };
  return Float32Array.from({ length: count }, () => {
    const value = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    return roundToFloat16(value);
  });
}

/** The float16 nearest to `value`, as a number. */
export function roundToFloat16(value: number): number {
  return fromFloat16(toFloat16(value));
}

export interface Difference {
  /** RMS(actual - expected) / RMS(expected). */
  readonly relative: number;
  readonly largest: number;
}

export function compare(actual: ArrayLike<number>, expected: ArrayLike<number>): Difference {
  let error = 0;
  let scale = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = (actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN);
    error += difference * difference;
    scale += (expected[i] ?? 0) ** 2;
    largest = Math.max(largest, Math.abs(difference));
    if (Number.isNaN(difference)) return { relative: Number.NaN, largest: Number.NaN };
  }
  return { relative: Math.sqrt(error / Math.max(scale, Number.MIN_VALUE)), largest };
}

/** Throws, with a table of the first differing values, unless the relative RMS error is within `tolerance`. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  const { relative, largest } = compare(actual, expected);
  if (actual.length === expected.length && relative <= tolerance) return;
  const rows: string[] = [];
  const scale = Math.sqrt(Array.from(expected).reduce((sum, value) => sum + value * value, 0) / Math.max(1, expected.length));
  for (let i = 0; i < expected.length && rows.length < 12; i++) {
    const difference = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    if (!(difference <= 3 * tolerance * scale)) rows.push(`  [${i}] actual ${actual[i]}  expected ${expected[i]}`);
  }
  throw new Error(
    `relative error ${relative} (bound ${tolerance}), largest ${largest}, lengths ${actual.length} and ${expected.length}\n${rows.join("\n")}`,
  );
}
