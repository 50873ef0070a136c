// A picture that can be shown: one of this visit has the timings of its drawing, and one from the gallery has none.
import type { Drawing } from "../common/drawing";
import type { Engine } from "../common/engine";
import type { ModelFacts } from "../common/model-facts";

export type ShownPicture = Pick<Drawing, "recipe" | "picture"> & Partial<Drawing>;

/** Whether every part of the model was computed by this engine. Undefined asks for none, and any will do. */
export function isDrawnBy({ model }: ShownPicture, engine: Engine | undefined): boolean {
  return engine === undefined || model?.parts.every((part) => part.engine === engine) === true;
}

/** Whether its model had its weights in the formats of the model that is loaded now. True where one of them is not known. */
export function hasWeightsOf({ model }: ShownPicture, now: ModelFacts | undefined): boolean {
  const formats = new Map(now?.parts.map(({ name, weights }) => [name, weights]));
  return model?.parts.every(({ name, weights }) => weights === undefined || (formats.get(name) ?? weights) === weights) !== false;
}
