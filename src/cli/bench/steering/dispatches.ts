// What a step dispatches under every way of steering: each distinct dispatch once, with how
// often it occurs. Dispatches are equal if their WGSL, sizes and workgroups are; those that read the steering
// input must also have the same way, because its values decide how much they do. It only makes lists; nothing runs here.
import type { Kernel } from "../../../engine/kernel";
import { RATES } from "../../../engine/rates";
import type { Stages } from "../../../engine/stages";
import { WAYS, type Way } from "./network";

/** A step under each way, and what is computed once for each text. */
export type Part = Way | "prompt" | "negative";

export interface DistinctDispatch {
  readonly kernel: Kernel;
  /** Where one of these dispatches is: in this way's plan, at this index. */
  readonly way: Way;
  readonly index: number;
  readonly counts: Readonly<Record<Part, number>>;
}

/** Rates of inputs that change from step to step. */
export const STEP_RATES = RATES.timestep | RATES.run;

export function distinctDispatches(stagesByWay: Readonly<Record<Way, Stages>>): readonly DistinctDispatch[] {
  const distinct = new Map<string, DistinctDispatch & { readonly counts: Record<Part, number> }>();
  for (const way of WAYS) {
    for (const [index, { kernel, mask }] of stagesByWay[way].dispatches.entries()) {
      const part = partOf(way, mask);
      if (part === undefined) continue;
      const key = identity(kernel, way);
      const known = distinct.get(key) ?? { kernel, way, index, counts: { none: 0, nasa: 0, nag: 0, vsf: 0, prompt: 0, negative: 0 } };
      known.counts[part]++;
      distinct.set(key, known);
    }
  }
  // Dispatches of one layer stand side by side, so that those to compare are measured within seconds of each other.
  return [...distinct.values()].toSorted((a, b) => shapeOf(a).localeCompare(shapeOf(b)));
}

const shapeOf = ({ kernel }: DistinctDispatch): string => kernel.workgroups.join("x");

/** Texts are projected in the same way in every graph, so only NASA's is counted. */
function partOf(way: Way, mask: number): Part | undefined {
  if ((mask & STEP_RATES) !== 0) return way;
  if (way !== "nasa") return undefined;
  return mask === RATES.prompt ? "prompt" : mask === RATES.negative ? "negative" : undefined;
}

function identity({ code, bindings, sizes, scalars, workgroups }: Kernel, way: Way): string {
  const steered = bindings.some(({ name }) => name === "steering");
  return JSON.stringify([code, bindings, sizes, scalars, workgroups, steered ? way : ""]);
}
