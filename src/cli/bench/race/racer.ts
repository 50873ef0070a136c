// The two engines in a race, on one GPUDevice: a plan of ours, and a session of ONNX Runtime Web whose outputs stay on the GPU.
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { invariant } from "../../../common/errors";
import type { Device } from "../../../engine/device";
import type { Plan } from "../../../engine/plan";
import { runPlan } from "../../../engine/run";
import { RATES } from "../../../engine/rates";
import { readTensor } from "../../../ort/session/tensors";
import type { OrtRuntime } from "../../../ort/session/runtime";
import type { Clock, Contender } from "../measure";

export interface Racer extends Contender {
  /** What the last run gave, in the order that both racers agree on. */
  read(): Promise<Float32Array>;
  release(): Promise<void>;
}

/** What a race is run with. */
export interface Ground {
  readonly device: Device;
  readonly runtime: OrtRuntime;
  readonly clocks: Clocks;
}

/** A cold start is work of this thread too: ONNX Runtime plans there, and waits there for its pipelines. */
export interface Clocks {
  readonly cold: Clock;
  readonly warm: Clock;
}

export const SIDES = ["ours", "onnxruntime"] as const;
export type Side = (typeof SIDES)[number];

export interface Race {
  readonly name: string;
  /** Brings what a side reads into memory. */
  readonly enter: Readonly<Record<Side, () => Promise<Start>>>;
  /** The largest relative RMS difference between the two results. */
  readonly tolerance: number;
}

/** From bytes in memory to what can run. */
export type Start = (ground: Ground) => Promise<Racer>;

/** A text and its time belong to every run, as in an exported graph, which has no memory of the last one. */
const EVERY_RUN = RATES.run | RATES.timestep | RATES.prompt;

/** @param plan whose inputs are written */
export function planRacer(plan: Plan, output: string, release: () => void): Racer {
  return {
    run: async (times) => {
      for (let run = 0; run < times; run++) {
        plan.dirty |= EVERY_RUN;
        await runPlan(plan);
      }
    },
    read: async () => Float32Array.from(await plan.read(output)),
    release: async () => release(),
  };
}

export interface SessionFeeds {
  readonly model: Uint8Array;
  readonly external?: readonly { readonly path: string; readonly data: Uint8Array }[];
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly output: string;
}

export async function sessionRacer(
  runtime: OrtRuntime,
  { model, external = [], feeds, output }: SessionFeeds,
  options: InferenceSession.SessionOptions = {},
): Promise<Racer> {
  const session = await runtime.enqueue(() =>
    runtime.createSession(model, external, { preferredOutputLocation: runtime.nearby, graphOptimizationLevel: "all", ...options }),
  );
  let result: Tensor | undefined;
  return {
    run: async (times) => {
      for (let run = 0; run < times; run++) {
        result?.dispose();
        result = (await runtime.enqueue(() => session.run(feeds, [output])))[output];
      }
    },
    read: async () => {
      invariant(result !== undefined, "a racer runs before it is read");
      return readTensor(runtime, result);
    },
    release: async () => {
      result?.dispose();
      await runtime.enqueue(() => session.release());
    },
  };
}
