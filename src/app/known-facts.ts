// What the page says of a model: what the catalogue knows until the model is loaded, and from then on what its own files say.
import { CATALOGUE } from "../catalogue/entries";
import type { CatalogueEntry } from "../catalogue/entry";
import type { ModelFacts } from "../common/model-facts";
import type { TrainedSize, TrainedSizes } from "../common/trained-sizes";
import { factsOf, type AppState } from "./state";

export interface KnownFacts extends Pick<ModelFacts, "title" | "license" | "defaultSize" | "trainedSizes" | "maxSteps"> {
  readonly weightBytes: number | undefined;
}

/** Undefined for a model that is neither loaded nor in the catalogue. */
export function knownFactsOf(state: Pick<AppState, "draft" | "model">): KnownFacts | undefined {
  return factsOf(state) ?? catalogueFacts(state.draft.model);
}

/** What the catalogue knows of a model. */
export function catalogueFacts(model: string): KnownFacts | undefined {
  return OUTLINES.get(model);
}

// They are made once, because a component must be given the same object until something changes.
const OUTLINES: ReadonlyMap<string, KnownFacts> = new Map(CATALOGUE.map((entry) => [entry.id, ofEntry(entry)]));

function ofEntry({ title, license, byteLength, size, fineSize, steps }: CatalogueEntry): KnownFacts {
  // Which multiple its sizes must be is known once its networks are.
  const sizeOf = (side: number): TrainedSize => ({ side, multiple: 1 });
  const trainedSizes: TrainedSizes = [sizeOf(size), ...(fineSize === undefined ? [] : [sizeOf(fineSize)])];
  return { title, license, weightBytes: byteLength, defaultSize: size, trainedSizes, maxSteps: steps.maximum };
}
