// Examines this device: asks what it is, and draws a few pictures with the model that is there to see how long each stage takes. The
// pictures are shown to nobody and kept nowhere.
import { OnestrokeError } from "../../common/errors";
import type { Timings } from "../../common/drawing";
import type { Recipe } from "../../common/recipe";
import type { Generator, ModelStore } from "../../library";
import { modelRows } from "../models/state";
import { givenGpu, surveyGpu } from "../models/gpu-survey";
import { factsOf, isAtRest, refusesFloat16, type AppStore } from "../state";
import type { DoctorState } from "./doctor-state";
import { medianTimings, reportText, runningModels, surveyDevice, type Benchmark } from "./report";

/** The page's address with this after the `#` opens it. */
export const DOCTOR = "doctor";

export interface Doctor {
  openDoctor(): void;
  closeDoctor(): void;
  /** Measures the model that is loaded. Another picture or model that somebody asks for meanwhile ends it. */
  benchmark(): Promise<void>;
  copyReport(): Promise<void>;
  /** The report as it stands; undefined until the device has answered. */
  report(): string | undefined;
}

/** The first one pays for what is prepared once, and is not counted. */
const PICTURES = 4;

export function createDoctor(
  store: AppStore,
  generator: Pick<Generator, "generate">,
  models: Pick<ModelStore, "room">,
  refresh: () => Promise<void>,
): Doctor {
  const set = (change: Partial<DoctorState>): void => store.setState(({ doctor }) => ({ doctor: { ...doctor, ...change } }));

  function report(): string | undefined {
    const state = store.getState();
    const { doctor, models: known } = state;
    if (doctor.report === undefined) return undefined;
    const benchmark = doctor.benchmark?.kind === "done" ? doctor.benchmark.benchmark : undefined;
    const isRefused = refusesFloat16(state);
    const running = runningModels(modelRows(known), givenGpu(known.gpu, isRefused));
    return reportText(doctor.report, running, benchmark, isRefused);
  }

  async function survey(): Promise<void> {
    const gpu = await surveyGpu();
    store.setState((state) => ({ models: { ...state.models, gpu } }));
    set({ report: await surveyDevice(gpu, () => models.room()) });
  }

  return {
    report,

    openDoctor() {
      set({ isOpen: true, copied: undefined });
      void refresh();
      void survey();
    },

    closeDoctor: () => set({ isOpen: false }),

    async benchmark() {
      const facts = factsOf(store.getState());
      if (facts === undefined || !isAtRest(store.getState())) return;
      const { id: model, defaultSize: side, adapter } = facts;
      const { steps } = store.getState().draft;
      const all: Timings[] = [];
      try {
        let { parts, tuning } = facts;
        let kernels: Benchmark["kernels"];
        for (let picture = 0; picture < PICTURES; picture++) {
          // It was loaded anew, as another one or in other numbers.
          if (factsOf(store.getState()) !== facts) return set({ benchmark: undefined });
          set({ benchmark: { kind: "running", picture: picture + 1, pictures: PICTURES }, copied: undefined });
          // Each has a text of its own, because a text that was read is not read again. Of the first, whose stages are not counted, the
          // kernels are timed, because that makes a picture slower.
          const recipe = examination(model, side, Math.min(steps, facts.maxSteps), picture, facts.loras);
          const drawing = await generator.generate(recipe, { timesKernels: picture === 0 });
          all.push(drawing.timings);
          kernels ??= drawing.kernels;
          ({ parts, tuning } = drawing.model);
        }
        const timings = medianTimings(all.slice(1));
        const measured = {
          model,
          width: side,
          height: side,
          steps: timings.denoise.length,
          pictures: PICTURES - 1,
          timings,
          adapter,
          parts,
          tuning,
          kernels,
        };
        set({ benchmark: { kind: "done", benchmark: measured } });
      } catch (thrown) {
        const error = OnestrokeError.from(thrown, "worker-died");
        set({ benchmark: error.code === "cancelled" ? undefined : { kind: "failed", error } });
      }
    },

    async copyReport() {
      try {
        await navigator.clipboard.writeText(report() ?? "");
        set({ copied: "copied" });
      } catch {
        set({ copied: "refused" });
      }
    },
  };
}

function examination(model: string, side: number, steps: number, seed: number, loras: Recipe["loras"]): Recipe {
  return {
    model,
    ...(loras === undefined ? {} : { loras }),
    prompt: `a lighthouse on a cliff, picture ${seed}`,
    negative: "",
    steering: { method: "none" },
    steps,
    seed: String(seed),
    width: side,
    height: side,
  };
}
