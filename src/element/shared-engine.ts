// What all elements of a page share: one generator, because there is one GPU, and one store of models. Both are made when the first
// element needs them.
import { createGenerator, type Generator, type GeneratorOptions } from "../client/generator";
import { createModelStore, type ModelStore, type ModelStoreOptions } from "../client/model-store";
import { createSources, type Sources } from "./sources";

export interface ElementOptions
  extends Pick<GeneratorOptions, "modelsRoot" | "workerAddress" | "runtimeRoot">, Pick<ModelStoreOptions, "hub" | "mirrors"> {
  /** Another address for the script that keeps models. */
  readonly storageWorkerAddress?: string | URL;
}

export interface SharedEngine {
  readonly generator: Generator;
  readonly store: ModelStore;
  readonly sources: Sources;
}

let options: ElementOptions = {};
let shared: SharedEngine | undefined;

/** Says where scripts and models are, for every element of the page. It ends what they are doing, so call it before the first one draws. */
export function configureElements(changed: ElementOptions): void {
  options = changed;
  shared?.generator.dispose();
  shared?.store.dispose();
  shared = undefined;
}

export function sharedEngine(): SharedEngine {
  shared ??= open(options);
  return shared;
}

function open({ hub, mirrors = [], storageWorkerAddress, ...ofGenerator }: ElementOptions): SharedEngine {
  const store = createModelStore({
    ...(hub === undefined ? {} : { hub }),
    mirrors,
    ...(storageWorkerAddress === undefined ? {} : { workerAddress: storageWorkerAddress }),
  });
  const sources = createSources(store.lendLora);
  const generator = createGenerator({
    ...ofGenerator,
    filesOf: (model) => store.handOver(model),
    loraOf: (name) => store.loraOf(name),
    pictureOf: (recipe) => sources.pictureOf(recipe),
  });
  return { store, generator, sources };
}
