// Rules of tuning: what is measured to be faster is taken from then on, what is not stays; and a tuned plan computes the same.
import { beforeEach, describe, expect, test } from "vitest";
import { GraphBuilder } from "./graph-builder";
import { fuseGraph } from "./fuse";
import { Device, openDevice } from "./device";
import { gpuTimer, type GpuTimer } from "./gpu-time";
import { choiceOf, type GemmPlan } from "./kernels/gemm/plan";
import { nodeGpu } from "./node-gpu";
import { Plan } from "./plan";
import type { PreparedDispatch } from "./prepared";
import { runPlan } from "./run";
import { arraySource, compare, random, testDevice } from "./testing/evaluate";
import { recordBuffers } from "./testing/record-buffers";
import { tunePlan, type TuneOptions } from "./tune";
import type { ProductChoice, Tuning } from "./tuning";
import { checkpointTensors, Weights } from "./weights";
import { product } from "./tensor";

/** Two products, of which the first is the heavier one, with a norm between. */
function build(g: GraphBuilder): void {
  const x = g.input("x", [64, 512], "run");
  const normed = g.layerNorm(g.linear(x, "first", { outputs: 512 }), "norm", { epsilon: 1e-5 });
  g.output("y", g.linear(normed, "second", { outputs: 64 }));
}

/** Times that follow from what is dispatched. */
const timerBy = (cost: (dispatch: PreparedDispatch) => number): Pick<GpuTimer, "time"> => ({
  time: async (dispatches, repeats) => repeats * dispatches.reduce((sum, dispatch) => sum + cost(dispatch), 0),
});

/** Parts of a reduction. */
const splitsOf = ({ workgroups: [, , z] }: PreparedDispatch): number => z;

describe("tuning", () => {
  let opened: Promise<Device> | undefined;
  let device: Device;
  let plan: Plan;
  let weights: Weights;

  beforeEach(async () => {
    // Skips where there is no adapter.
    await testDevice();
    opened ??= openDevice(nodeGpu(), { computeAs: "hardware" });
    device = await opened;
    device.useTuning(new Map());
    ({ plan, weights } = await planned(device));
    return () => (plan.destroy(), weights.evict());
  });

  async function planned(on: Device): Promise<{ plan: Plan; weights: Weights }> {
    const builder = new GraphBuilder();
    build(builder);
    const graph = fuseGraph(builder.build());
    const arrays = [...checkpointTensors(graph)].map(([key, shape], index) => [key, random(product(shape), index + 1).map((v) => v / 8)]);
    const loaded = new Weights(on, arraySource(Object.fromEntries(arrays)));
    await loaded.load(graph);
    return { plan: await Plan.compile(on, graph, loaded, { format: "f32" }), weights: loaded };
  }

  const tune = (changes: Partial<TuneOptions> = {}): Promise<Tuning> =>
    tunePlan(plan, weights, { known: new Map(), roomBytes: 2 ** 30, now: () => 0, until: 1, timer: timerBy(() => 1), ...changes });

  const planOf = (name: string): GemmPlan => {
    const found = plan.products.find(({ product: own }) => own.name === name);
    if (found === undefined) throw new Error(`the plan has no product ${name}`);
    return found.product;
  };

  test("takes what is faster, for each shape, and the next plan follows it", async () => {
    const tuning = await tune({ timer: timerBy(splitsOf) });
    expect([...tuning.keys()]).toEqual(["f32 linear f16 64x512x512", "f32 linear f16 64x64x512"]);
    device.useTuning(tuning);
    const next = await planned(device);
    for (const { product: now } of next.plan.products) {
      expect(now.splits).toBeLessThan(planOf(now.name).splits);
      expect(now.isTuned).toBe(true);
    }
    next.plan.destroy();
    next.weights.evict();
  });

  test("writes down the table's choice where nothing is faster, and does not measure it again", async () => {
    const tuning = await tune();
    for (const [name, choice] of tuning) expect(choice).toEqual(choiceOf(planOf(name)));
    let times = 0;
    const again = await tune({ known: tuning, timer: timerBy(() => ++times) });
    expect([again, times]).toEqual([tuning, 0]);
  });

  test("measures again what was kept and cannot be", async () => {
    const [first = ""] = (await tune()).keys();
    const known = new Map<string, ProductChoice>([[first, { tile: "large", splits: 77 }]]);
    expect((await tune({ known })).get(first)).toEqual(choiceOf(planOf(first)));
  });

  test("ends where its time is over, with what it knows by then", async () => {
    let clock = 0;
    const timer = timerBy(() => 1);
    const counting: typeof timer = { time: (...all) => (clock++, timer.time(...all)) };
    const whole = await tune({ timer: counting });
    const all = clock;
    clock = 0;
    // One race is eleven times: the first runs, three for the count of repeats, and three rounds of two.
    const part = await tune({ timer: counting, now: () => clock, until: 12 });
    expect([whole.size, part.size]).toEqual([2, 1]);
    expect(clock).toBe(12);
    expect(all).toBeGreaterThan(12);
    clock = 0;
    expect((await tune({ timer: counting, now: () => clock, until: 3 })).size, "none was ended").toBe(0);
  });

  test("times passes that are long beside a clock of 0.1 ms, however long a submission is waited for", async () => {
    // A run takes 0.02 ms, and where the clock has not moved by its end the wait for it is all that is known.
    const asked: number[] = [];
    const timer: TuneOptions["timer"] = {
      time: async (_, repeats) => (asked.push(repeats), Math.floor(repeats / 5) / 10 || 6),
    };
    await tune({ timer });
    const raced = asked.filter((repeats, index) => repeats === asked[index + 5]);
    expect(raced.length).toBeGreaterThan(0);
    for (const repeats of raced) expect(repeats).toBeGreaterThanOrEqual(400);
  });

  test("repeats nothing that is long by itself", async () => {
    const asked: number[] = [];
    await tune({ timer: { time: async (_, repeats) => (asked.push(repeats), 50 * repeats) } });
    expect(Math.max(...asked)).toBe(2);
  });

  test("leaves a shape that it was cancelled at for another time, and no memory", async () => {
    const abort = new AbortController();
    let times = 0;
    const timer = timerBy(() => (++times === 4 && abort.abort(), 1));
    const { left } = await recordBuffers(device, async () => expect((await tune({ timer, signal: abort.signal })).size).toBe(0));
    expect(left).toBe(0);
    expect(times).toBe(4);
  });

  test("tries nothing that memory has no room for", async () => {
    let times = 0;
    const { peakBytes } = await recordBuffers(device, async () => {
      expect((await tune({ roomBytes: 1000, timer: timerBy(() => ++times) })).size, "another time there may be some").toBe(0);
    });
    expect(times).toBe(0);
    // What the clock takes.
    expect(peakBytes).toBeLessThan(1000);
  });

  test("does nothing where kernels have no tiles to choose from", async () => {
    const software = await openDevice(nodeGpu(), { computeAs: "software" });
    const other = await planned(software);
    const known: Tuning = new Map();
    expect(await tunePlan(other.plan, other.weights, { known, roomBytes: 2 ** 30, now: () => 0, until: 1 })).toBe(known);
    other.plan.destroy();
    other.weights.evict();
    software.destroy();
  });

  test("measures on the adapter, by its own clock where it has one", async () => {
    const measured = await tune({ timer: undefined, now: () => performance.now(), until: Infinity });
    expect([...measured.keys()]).toEqual([...(await tune()).keys()]);
  });

  test("times by the submission where the adapter has no clock", async () => {
    const adapter = await nodeGpu().requestAdapter();
    const plain = new Device((await adapter?.requestDevice()) ?? device.gpu, device.adapter, "software");
    const other = await planned(plain);
    let clock = 0;
    const timer = gpuTimer(plain, () => (clock += 5));
    expect(await timer.time(other.plan.dispatches, 2)).toBe(5);
    timer.destroy();
    other.plan.destroy();
    other.weights.evict();
    plain.destroy();
  });

  test("never changes more than the order of sums, and the same choices give the same bytes", async () => {
    const names = [...(await tune()).keys()];
    const x = random(64 * 512, 7);
    const drawn = async (tuning: Tuning): Promise<Float32Array> => {
      device.useTuning(tuning);
      const { plan: next, weights: its } = await planned(device);
      next.write("x", x);
      await runPlan(next);
      const values = Float32Array.from(await next.read("y"));
      next.destroy();
      its.evict();
      return values;
    };
    const byTable = await drawn(new Map());
    const tuning: Tuning = new Map(names.map((name) => [name, { tile: "wide", splits: 2 }]));
    const tuned = await drawn(tuning);
    // Sums of 512 in float32.
    expect(compare(tuned, byTable).relative).toBeLessThan(1e-6);
    // Control: it is another choice.
    expect(tuned).not.toEqual(byTable);
    expect(await drawn(tuning)).toEqual(tuned);
  });
});
