// How long a picture that nobody wants any more stays on the GPU: drawings of the embedded student are cancelled, each after another slice
// of submitted work, and what the GPU is given or still has to do from then on is counted. Live drawing waits for that with every letter.
import { OnestrokeError } from "../../../common/errors";
import type { Recipe } from "../../../common/recipe";
import type { Device } from "../../../engine/device";
import { openModel } from "../../../pipeline/open";
import { computeOn } from "../../compute";
import { modelFiles } from "../../models/find-model";
import { median } from "../measure";

export interface CancelReport {
  readonly adapter: string;
  readonly side: number;
  /** Slices that an undisturbed picture is submitted in. */
  readonly slices: number;
  readonly cancels: readonly CancelSample[];
}

interface CancelSample {
  /** Slices that had been submitted. */
  readonly after: number;
  /** Of those, slices that the GPU had not finished. */
  readonly unfinished: number;
  /** Slices that were submitted nevertheless. */
  readonly further: number;
  /** From the cancel until the GPU had nothing left of the picture. */
  readonly ms: number;
}

export async function benchCancel(device: Device, side: number): Promise<CancelReport> {
  const model = await openModel(await modelFiles("vignette", { engine: "wgsl" }), "wgsl", computeOn(device));
  const recipe: Recipe = {
    model: "vignette",
    prompt: "a harbour",
    negative: "",
    steering: { method: "none" },
    steps: 1,
    seed: "1",
    width: side,
    height: side,
  };
  await model.draw(recipe);
  const { queue } = device.gpu;
  const { submit } = queue;
  let submitted = 0;
  let finished = 0;
  let onSubmit = (): void => undefined;
  queue.submit = (buffers) => {
    submit.call(queue, buffers);
    submitted++;
    queue.onSubmittedWorkDone().then(
      () => finished++,
      () => undefined,
    );
    onSubmit();
  };
  /** A picture of its own, with a text of its own. */
  const draw = async (number: number, signal?: AbortSignal): Promise<void> => {
    [submitted, finished] = [0, 0];
    const drawing = model.draw({ ...recipe, prompt: `${recipe.prompt} ${number}`, seed: String(number) }, { signal });
    await drawing.catch((thrown: unknown) => {
      if (OnestrokeError.from(thrown, "worker-died").code !== "cancelled") throw thrown;
    });
  };
  try {
    await draw(0);
    const slices = submitted;
    const cancels: CancelSample[] = [];
    for (let after = 1; after < slices; after++) {
      const abort = new AbortController();
      let at = { time: 0, unfinished: 0 };
      onSubmit = () => {
        if (submitted !== after) return;
        at = { time: performance.now(), unfinished: submitted - finished };
        abort.abort();
      };
      await draw(after, abort.signal);
      await queue.onSubmittedWorkDone();
      // Texts that are read again may take fewer slices, and then the picture was done before.
      if (abort.signal.aborted) {
        cancels.push({ after, unfinished: at.unfinished, further: submitted - after, ms: performance.now() - at.time });
      }
    }
    return { adapter: device.name, side, slices, cancels };
  } finally {
    queue.submit = submit;
    await model.dispose();
  }
}

export function cancelText({ adapter, side, slices, cancels }: CancelReport): string {
  const of = (field: Exclude<keyof CancelSample, "after">): readonly number[] => cancels.map((sample) => sample[field]);
  const most = (field: Exclude<keyof CancelSample, "after">): number => Math.max(...of(field));
  return [
    `${adapter}, ${side}x${side}: a picture is submitted in ${slices} slices, and was cancelled after each but the last`,
    `slices submitted after the cancel: at most ${most("further")}`,
    `slices still on the GPU at the cancel: at most ${most("unfinished")}`,
    `until the GPU was free: ${median(of("ms")).toFixed(0)} ms in the median, ${most("ms").toFixed(0)} ms at most`,
  ].join("\n");
}
