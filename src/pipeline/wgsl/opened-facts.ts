// What a model on our own engine says of itself when it is opened; what it learns after that is added by model.ts.
import { weightBytes, type Manifest } from "../../checkpoints/manifest";
import type { ModelFacts } from "../../common/model-facts";
import { modelName } from "../../common/recipe";
import type { TrainedSizes } from "../../common/trained-sizes";
import type { Device } from "../../engine/device";
import { maxSteps, type Sampler } from "../../samplers/sampler";
import { steeringDefaults } from "../default-steering";
import { partsOf, type PlannedModel } from "./model-plan";

interface Opened extends Pick<PlannedModel, "memory" | "size" | "weights"> {
  readonly sampler: Sampler;
  readonly trainedSizes: TrainedSizes;
  readonly device: Pick<Device, "name" | "adapter">;
}

export function openedFacts(manifest: Manifest, { memory, size, weights, sampler, trainedSizes, device }: Opened): ModelFacts {
  return {
    memory,
    id: modelName(manifest.name),
    title: manifest.title ?? manifest.name,
    revision: manifest.revision,
    ...(manifest.loras === undefined ? {} : { loras: manifest.loras }),
    license: manifest.license,
    weightBytes: weightBytes(manifest),
    defaultSize: size.width,
    trainedSizes,
    maxSteps: manifest.steps?.maximum ?? maxSteps(sampler),
    steering: steeringDefaults(manifest),
    doubt: sampler.doubt,
    // Its files say it, and may be on their way still.
    readsPictures: false,
    adapter: device.name,
    ...(device.adapter.refusesFloat16 === true && { refusesFloat16: true }),
    parts: partsOf(manifest, weights),
  };
}
