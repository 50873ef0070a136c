// Rules for pricing steering: what is counted, how it is added up, and that both methods run.
import { describe, expect, test } from "vitest";
import type { SteeringMethod } from "../../../common/steering";
import type { Budget } from "../measure";
import type { GraphBuilder } from "../../../engine/graph-builder";
import { evaluate, testDevice } from "../../../engine/testing/evaluate";
import { stageGraph, type Stages } from "../../../engine/stages";
import { benchSteering } from "./index";
import { distinctDispatches, STEP_RATES, type DistinctDispatch, type Part } from "./dispatches";
import { driverClock } from "../driver-clock";
import { perWay, unetGraph, WAYS, type Way } from "./network";
import { kernelRows, steeringRows, sumOf } from "./report";

const ONCE: Budget = { minRounds: 2, maxRounds: 2, rowMs: 0, sampleMs: 0 };

async function stagesByWay(): Promise<Readonly<Record<Way, Stages>>> {
  const target = (await testDevice()).target("f32");
  const stages = (method: SteeringMethod) => stageGraph(unetGraph("small", method), target);
  return perWay({ nasa: stages("nasa"), nag: stages("nag"), vsf: stages("vsf") });
}

describe("distinct dispatches", () => {
  test("make up every step, as often as they occur", async () => {
    const staged = await stagesByWay();
    const distinct = distinctDispatches(staged);
    for (const way of WAYS) {
      const step = staged[way].dispatches.filter(({ mask }) => (mask & STEP_RATES) !== 0);
      const names = distinct.flatMap(({ kernel, counts }) => Array.from({ length: counts[way] }, () => kernel.name));
      expect(names.toSorted()).toEqual(step.map(({ kernel }) => kernel.name).toSorted());
      expect(distinct.length).toBeLessThan(step.length);
    }
  });

  test("are shared by the ways, but for those that read the steering", async () => {
    const isShared = ({ none, nasa, nag, vsf }: DistinctDispatch["counts"]) => none === nasa && none === nag && none === vsf;
    const own = distinctDispatches(await stagesByWay()).filter(({ counts }) => !isShared(counts));
    const names = own.map(({ kernel, way }) => `${kernel.name} ${way}`);
    expect([...new Set(names)].toSorted()).toEqual([
      "cross-attention-branches nag",
      "cross-attention-nasa nasa",
      "cross-attention-nasa none",
      "cross-attention-vsf vsf",
      "nag-combine nag",
    ]);
  });

  test("project each text once for each cross-attention", async () => {
    const distinct = distinctDispatches(await stagesByWay());
    const count = (part: Part, name: RegExp) =>
      distinct.reduce((sum, { kernel, counts }) => sum + (name.test(kernel.name) ? counts[part] : 0), 0);
    const attentions = count("none", /^cross-attention/);
    expect([count("prompt", /^/), count("negative", /^/)]).toEqual([attentions, attentions]);
  });
});

describe("sums and ratios", () => {
  const dispatch = (name: string, counts: Partial<Record<Part, number>>, rounds: readonly number[]) => ({
    way: "none" as const,
    index: 0,
    kernel: { name, bindings: [], sizes: {}, workgroups: [1, 1, 1], code: "" } satisfies DistinctDispatch["kernel"],
    counts: { none: 0, nasa: 0, nag: 0, vsf: 0, prompt: 0, negative: 0, ...counts },
    rounds,
  });
  // Every way's step has "conv" twice, with the medians 10, 4, 6.
  const timed = [
    dispatch("conv", { none: 2, nasa: 2, nag: 2, vsf: 2 }, [10, 90, 8]),
    dispatch("attend", { none: 5 }, [4, 4, 5]),
    dispatch("attend", { nasa: 5 }, [6, 7, 5]),
  ];

  test("a step is its dispatches' medians, each as often as it occurs", () => {
    expect(sumOf("none", timed)).toEqual({ ms: 40, rounds: [40, 200, 41] });
    expect(sumOf("nasa", timed)).toEqual({ ms: 50, rounds: [50, 215, 41] });
    expect(sumOf("prompt", timed).ms).toBe(0);
  });

  test("a kernel is the sum of its dispatches", () => {
    expect(kernelRows(timed)).toEqual([
      { kernel: "conv", none: 20, nasa: 20, nag: 20, vsf: 20 },
      { kernel: "attend", none: 20, nasa: 30, nag: 0, vsf: 0 },
    ]);
  });

  test("ratios are to the unsteered step, and guidance without a kernel of its own evaluates it twice", () => {
    const [nag, vsf] = [
      { ms: 42, rounds: [42, 240, 41] },
      { ms: 41, rounds: [41, 210, 41] },
    ];
    const rows = steeringRows({ none: sumOf("none", timed), nasa: sumOf("nasa", timed), nag, vsf });
    expect(rows.map(({ way, stepMs, ratio }) => [way, stepMs, ratio])).toEqual([
      ["none", 40, 1],
      ["nasa", 50, 1.25],
      ["nag", 42, 1.05],
      ["vsf", 41, 1.025],
      ["cfg", 80, 2],
    ]);
    expect(rows[2]?.quartiles).toEqual([1.05, 1.2]);
  });
});

test.runIf(process.platform === "linux")("the driver's clock counts the driver's work and not JavaScript's", async () => {
  const clock = driverClock() ?? expect.unreachable("Linux tells processor time by thread");
  const spent = async (work: () => unknown) => {
    const before = clock();
    await work();
    return clock() - before;
  };
  const spin = () => {
    for (const end = performance.now() + 100; performance.now() < end;);
  };
  expect(await spent(spin)).toBeLessThan(50);
  const device = await testDevice();
  const linear = (g: GraphBuilder) => g.output("y", g.linear(g.input("x", [1, 256, 256], "run"), "w", { outputs: 256, bias: false }));
  const data = { inputs: { x: new Float32Array(256 * 256) }, weights: { "w.weight": new Float32Array(256 * 256) } };
  if (device.adapter.software) expect(await spent(() => evaluate(linear, data))).toBeGreaterThan(1);
});

test.each(["dispatches alone", "whole runs"] as const)("%s: every way of a small network takes time", async (method) => {
  const report = await benchSteering(await testDevice(), { scale: "small", method, alone: ONCE, runs: ONCE });
  expect(report).toMatchObject({ method, rounds: 2 });
  expect(report.rows.map(({ way }) => way)).toEqual(["none", "nasa", "nag", "vsf", "cfg"]);
  for (const { stepMs, ratio } of report.rows) {
    expect(stepMs).toBeGreaterThan(0);
    expect(ratio).toBeGreaterThan(0);
  }
  expect(report.onceMs.prompt).toBeGreaterThan(0);
});
