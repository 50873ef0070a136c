// The heats of a race, in the page or in Node: one side alone and cold, then both side by side and warm.
import { invariant } from "../../../common/errors";
import { relativeDifference } from "../difference";
import { measure, type Budget } from "../measure";
import { encodeOnnx } from "../onnx/encode";
import { watchMemory } from "./gpu-memory";
import { sessionRacer, SIDES, type Ground, type Race, type Racer, type Side } from "./racer";

export interface ColdHeat {
  /** From bytes in memory to the first result, read. */
  readonly ms: number;
  /** GPU memory until then. */
  readonly peakBytes: number;
}

export interface WarmHeat {
  /** Milliseconds of each run. */
  readonly samples: Readonly<Record<Side, readonly number[]>>;
  /** Relative RMS difference of the two results. */
  readonly difference: number;
}

const HARDWARE: Budget = { minRounds: 20, maxRounds: 100, rowMs: 10_000, sampleMs: 20 };
const SOFTWARE: Budget = { minRounds: 2, maxRounds: 15, rowMs: 30_000, sampleMs: 0 };

/** @param ground of a device that nothing has run on */
export async function coldHeat(race: Race, side: Side, ground: Ground): Promise<ColdHeat> {
  const start = await race.enter[side]();
  if (side === "onnxruntime") await startRuntime(ground);
  const memory = watchMemory(ground.device.gpu);
  const clock = ground.clocks.cold;
  const started = clock();
  const racer = await start(ground);
  await racer.run(1);
  await racer.read();
  const ms = clock() - started;
  return { ms, peakBytes: memory.peakBytes() };
}

export async function warmHeat(race: Race, ground: Ground): Promise<WarmHeat> {
  const racers: Racer[] = [];
  for (const side of SIDES) {
    const start = await race.enter[side]();
    racers.push(await start(ground));
  }
  for (const racer of racers) await racer.run(1);
  const [ours = new Float32Array(), theirs = new Float32Array()] = await Promise.all(racers.map((racer) => racer.read()));
  const difference = relativeDifference(ours, theirs);
  invariant(difference <= race.tolerance, `${race.name}: results differ by ${difference}`);
  const { device, clocks } = ground;
  const budget = device.adapter.software ? SOFTWARE : HARDWARE;
  const [oursMs = [], onnxruntimeMs = []] = await measure(device.gpu.queue, racers, budget, clocks.warm);
  for (const racer of racers) await racer.release();
  return { samples: { ours: oursMs, onnxruntime: onnxruntimeMs }, difference };
}

/** ONNX Runtime's own start, which is not the network's, comes before the clock. */
async function startRuntime({ runtime }: Ground): Promise<void> {
  const nothing = encodeOnnx({
    inputs: { x: [1] },
    outputs: { y: [1] },
    initializers: [],
    nodes: [{ op: "Neg", inputs: ["x"], output: "y" }],
  });
  const racer = await sessionRacer(runtime, {
    model: nothing,
    feeds: { x: runtime.tensor("float32", Float32Array.of(1), [1]) },
    output: "y",
  });
  await racer.run(1);
  await racer.read();
  await racer.release();
}
