// The counts of every network's plan are no worse than counts.json states. To record an improvement
// there, run `npm run bench -- --plan all --json src/cli/bench/plan/counts.json`.
import { describe, expect, test } from "vitest";
import STATED from "./counts.json";
import { fillOf, leastMs, type Gpu } from "./gpus";
import { reportPlan } from "./index";
import { PLANNED_NETWORKS } from "./networks";

type Counts = Readonly<Record<string, string | number>>;

/** The fields that grew, with their former values. */
function worse(now: Counts, stated: Counts): readonly string[] {
  return Object.entries(now).flatMap(([field, value]) => {
    const before = stated[field];
    return typeof value === "number" && typeof before === "number" && value > before ? [`${field}: ${value}, stated ${before}`] : [];
  });
}

/** Thousands of kernels are written and laid out, which takes seconds on an idle machine. No test here is about time. */
const TIMEOUT_MS = 600_000;

describe("the plan of every network is no worse than stated", () => {
  const cases = PLANNED_NETWORKS.flatMap((network) => (["f16", "f32"] as const).map((format) => ({ network, format })));
  test.each(cases)(
    "$network in $format",
    ({ network, format }) => {
      const stated = STATED.find((each) => each.network === network && each.format === format);
      expect(stated).toBeDefined();
      expect(worse({ ...reportPlan(network, format).counts }, stated ?? {})).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test("one dispatch more is found (control)", () => {
    const { counts } = reportPlan("vignette-vae", "f16");
    expect(worse({ ...counts }, { ...counts, dispatches: counts.dispatches - 1 })).toEqual([
      `dispatches: ${counts.dispatches}, stated ${counts.dispatches - 1}`,
    ]);
  });
});

test("multiply-adds are those of the layers: a text encoder by hand", () => {
  const { dispatches, counts } = reportPlan("clip-h", "f16");
  const [tokens, width, inner, layers] = [77, 1024, 4096, 23];
  const products = layers * tokens * width * (4 * width + 2 * inner);
  const attention = layers * tokens * tokens * width; // half of two products: it is causal
  expect(counts.gflop * 1e9).toBe(2 * (products + attention));
  expect(dispatches.filter(({ kernel, cost }) => kernel === "layer-norm" && cost.flop > 0)).toEqual([]);
});

describe("a roofline", () => {
  const gpu: Gpu = { name: "round", cores: 10, teraflops: 1, gigabytes: 100 };
  test.each([
    { rule: "one round, full", workgroups: 10, fill: 1 },
    { rule: "one round, a tenth of it", workgroups: 1, fill: 0.1 },
    { rule: "two rounds, the second a tenth", workgroups: 11, fill: 0.55 },
  ])("is filled by workgroups: $rule", ({ workgroups, fill }) => expect(fillOf(workgroups, gpu)).toBeCloseTo(fill));

  test("is the longer of arithmetic and memory", () => {
    expect(leastMs({ flop: 1e9, bytes: 0, workgroups: 10 }, gpu)).toBeCloseTo(1);
    expect(leastMs({ flop: 1e9, bytes: 0, workgroups: 5 }, gpu)).toBeCloseTo(2);
    expect(leastMs({ flop: 1e9, bytes: 3e8, workgroups: 10 }, gpu)).toBeCloseTo(3);
  });
});
