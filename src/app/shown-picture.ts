// A picture that can be shown: one of this visit has the timings of its drawing, and one from the gallery has none.
import { drawingMs, type Drawing } from "../common/drawing";
import type { Engine } from "../common/engine";
import { formatDuration, strings } from "./strings";
import { keeping } from "./strings-keeping";

export type ShownPicture = Pick<Drawing, "recipe" | "picture"> & Partial<Drawing>;

/** Whether every part of the model was computed by this engine. Undefined asks for none, and any will do. */
export function isDrawnBy({ model }: ShownPicture, engine: Engine | undefined): boolean {
  return engine === undefined || model?.parts.every((part) => part.engine === engine) === true;
}

/** What is said once it is shown. */
export function doneIn({ timings }: ShownPicture): string {
  return timings === undefined ? keeping.shownAgain : strings.status.done(formatDuration(drawingMs(timings)));
}
