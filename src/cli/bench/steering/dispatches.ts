// What a step dispatches under every way of steering, each distinct dispatch once with how
// often it occurs. Equal are: WGSL, sizes and workgroups, and for those that read the steering
// input also the way, because its values decide how much they do. Only lists: nothing runs here.
import type { Kernel } from "../../../engine/kernel";
import { RATES, type Stages } from "../../../engine/stages";
import { WAYS, type Way } from "./network";

/** A step under each way, and what is computed once a text. */
export type Part = Way | "prompt" | "negative";

export interface DistinctDispatch {
  readonly kernel: Kernel;
  /** Where one of them stands: in this way's plan, at this index. */
  readonly way: Way;
  readonly index: number;
  readonly counts: Readonly<Record<Part, number>>;
}

/** Rates that change from step to step. */
export const STEP_RATES = RATES.timestep | RATES.run;

export function distinctDispatches(stagesByWay: Readonly<Record<Way, Stages>>): readonly DistinctDispatch[] {
  const distinct = new Map<string, DistinctDispatch & { readonly counts: Record<Part, number> }>();
  for (const way of WAYS) {
    for (const [index, { kernel, mask }] of stagesByWay[way].dispatches.entries()) {
      const part = partOf(way, mask);
      if (part === undefined) continue;
      const key = identity(kernel, way);
      const known = distinct.get(key) ?? { kernel, way, index, counts: { none: 0, nasa: 0, nag: 0, prompt: 0, negative: 0 } };
      known.counts[part]++;
      distinct.set(key, known);
    }
  }
  // Those of one layer side by side, so that what is compared is measured within seconds.
  return [...distinct.values()].toSorted((a, b) => shapeOf(a).localeCompare(shapeOf(b)));
}

const shapeOf = ({ kernel }: DistinctDispatch): string => kernel.workgroups.join("x");

/** Texts are projected alike in every graph: NASA's is counted. */
function partOf(way: Way, mask: number): Part | undefined {
  if ((mask & STEP_RATES) !== 0) return way;
  if (way !== "nasa") return undefined;
  return mask === RATES.prompt ? "prompt" : mask === RATES.negative ? "negative" : undefined;
}

function identity({ code, bindings, sizes, scalars, workgroups }: Kernel, way: Way): string {
  const steered = bindings.some(({ name }) => name === "steering");
  return JSON.stringify([code, bindings, sizes, scalars, workgroups, steered ? way : ""]);
}
