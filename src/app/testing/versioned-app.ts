// An app whose model says which version of it draws, in which numbers, and with which files of LoRAs.
import { expect, vi } from "vitest";
import { madeBy } from "../../common/made-with";
import type { ModelFacts } from "../../common/model-facts";
import type { Recipe } from "../../common/recipe";
import type { WeightFormat } from "../../common/weight-format";
import type { Generator } from "../../library";
import { keepingInMemory, type Keeping } from "../gallery/gallery";
import { createApp } from "../store";
import { drawingOf, IDLE, MODEL, NO_MODELS_KEPT } from "./fake-app";

export const OLD = "aaaaaaaaaaaa";
export const NEW = "bbbbbbbbbbbb";

export interface Version {
  revision?: string | undefined;
  weights?: WeightFormat;
  /** Of the file of every LoRA. */
  hash?: string;
  inFloat32?: ModelFacts["inFloat32"];
}

/** An app whose model is of this version, until the test changes it and the model is loaded again. */
export function setUp(version: Version, query = "seed=5", keep: Keeping = keepingInMemory()) {
  const facts = (): ModelFacts => ({
    ...MODEL,
    revision: version.revision,
    parts: MODEL.parts.map((part) => ({ ...part, weights: version.weights ?? "f16" })),
    ...(version.inFloat32 && { inFloat32: version.inFloat32 }),
  });
  const merged = ({ loras = [] }: Recipe): ModelFacts => ({
    ...facts(),
    loras: loras.map(({ name, weight }) => ({ name, weight, ...(version.hash !== undefined && { hash: version.hash }) })),
  });
  let drawn = 0;
  const generator: Generator = {
    ...IDLE,
    load: async () => facts(),
    generate: async (recipe) => {
      drawn++;
      return { ...drawingOf(madeBy(merged(recipe), recipe)), model: merged(recipe) };
    },
  };
  const queries: string[] = [];
  const app = createApp(generator, NO_MODELS_KEPT, query, (kept) => queries.push(kept), { keep });
  const state = () => app.store.getState();
  const isKept = (count: number) => vi.waitFor(() => expect(state().gallery.entries).toHaveLength(count));
  return { app, queries, state, isKept, drawn: () => drawn };
}
