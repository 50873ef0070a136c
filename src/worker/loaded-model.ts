// What every engine makes of a model's address: files and facts to load from, and a model to draw with.
import type { ByteStore } from "../checkpoints/byte-source";
import type { CatalogueEntry } from "../checkpoints/catalogue";
import { CATALOGUE } from "../checkpoints/catalogue-entries";
import { httpStore } from "../checkpoints/http-source";
import type { Device } from "../engine/device";
import type { GeneratedImage, ImageRequest, PipelineHooks, Timings } from "../pipeline/request";
import type { ModelAddress, ModelInfo } from "../protocol/messages";
import type { LoadedModel } from "./backend";

export interface ModelFiles {
  readonly store: ByteStore;
  /** What ships with the page is in the catalogue; any other folder must speak for itself. */
  readonly entry: CatalogueEntry | undefined;
}

export function modelFiles({ id, root }: ModelAddress): ModelFiles {
  const entry = CATALOGUE.find((candidate) => candidate.id === id && candidate.base?.revision === "");
  return { store: httpStore(root), entry };
}

interface Pipeline {
  readonly loadTimings: Pick<Timings, "load" | "compile">;
  generate(request: ImageRequest, hooks: PipelineHooks): Promise<GeneratedImage>;
  dispose(): void | Promise<void>;
}

/** The first picture's timings carry what loading took; after that it is paid. */
export function loadedModel(pipeline: Pipeline, info: ModelInfo): LoadedModel {
  let unpaid: Partial<Pipeline["loadTimings"]> = pipeline.loadTimings;
  return {
    info,
    generate: async (request, hooks) => {
      const { timings, ...drawn } = await pipeline.generate(request, hooks);
      const { load = 0, compile = 0 } = unpaid;
      unpaid = {};
      return { ...drawn, timings: { ...timings, load: timings.load + load, compile: timings.compile + compile } };
    },
    dispose: () => pipeline.dispose(),
  };
}

/** As the browser tells it, which may be the vendor alone. */
export function adapterName({ adapter: { vendor, architecture, description } }: Device): string {
  return [vendor, architecture, description].filter((part) => part !== "").join(" ");
}
