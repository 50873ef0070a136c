// Draws recipes of one command that may be drawn together, as many of the first as are.
import type { Drawing } from "../../common/drawing";
import { invariant } from "../../common/errors";
import { MOST_TOGETHER } from "../../common/limits";
import type { Picture } from "../../common/picture";
import type { Recipe } from "../../common/recipe";
import { otherField } from "../../common/same-but-noise";
import type { Model } from "../../pipeline/draw";
import type { Job } from "./job";

export interface Planned {
  readonly job: Job;
  readonly recipe: Recipe;
}

/** Those at the beginning that may be drawn together. */
export function leadingAlike(planned: readonly Planned[]): readonly [Planned, ...Planned[]] {
  const [first, ...others] = planned.slice(0, MOST_TOGETHER);
  invariant(first !== undefined, "something is left to draw");
  const end = others.findIndex(({ recipe }) => otherField(first.recipe, recipe) !== undefined);
  return [first, ...(end === -1 ? others : others.slice(0, end))];
}

/**
 * @param write keeps a picture, in the order of the jobs; those that are whole are kept where another one fails, too
 * @returns how many were drawn
 * @throws OnestrokeError as `Model.drawTogether`, and what `write` throws
 */
export async function drawAlike(
  model: Pick<Model, "drawTogether">,
  alike: readonly Planned[],
  { start, timesKernels }: { readonly start: Picture | undefined; readonly timesKernels: boolean },
  write: (file: string, drawing: Drawing) => Promise<void>,
): Promise<number> {
  const drawn = new Map<number, Drawing>();
  const recipes = alike.map(({ recipe }) => recipe);
  try {
    await model.drawTogether(recipes, { timesKernels, onDrawn: (drawing, index) => drawn.set(index, drawing) }, start);
  } finally {
    for (const [index, { job }] of alike.entries()) {
      const drawing = drawn.get(index);
      if (drawing !== undefined) await write(job.file, drawing);
    }
  }
  return drawn.size;
}
