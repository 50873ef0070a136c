// Opens a model as far as that goes without its weights: every file that drawing reads is opened, and of the large ones only the
// headers are read. A download plan is what this opened; an error here is the one that drawing would end with.
import type { ChosenRule } from "../common/chosen-sampler";
import { component, componentBytes, denoiserName, openComponent } from "../checkpoints/manifest";
import { manifestOf, type ModelFiles } from "../checkpoints/places";
import type { ModelPart } from "../common/model-facts";
import type { ModelOutline, ReadAs } from "../common/model-outline";
import { usualSide } from "../common/trained-sizes";
import type { WeightFormat } from "../common/weight-format";
import { openAutoencoder, openDenoiser, openTextEncoder } from "../networks";
import { maxSteps } from "../samplers/sampler";
import { samplerOf } from "../samplers/scheduler-file";
import { checkDenoiser, checkFineDecoder } from "./check-parts";
import { familyOf } from "./default-steering";
import { checkUsualSide } from "./fit";
import { scriptOf } from "./open";
import { openTokenizerFiles } from "./outline-bytes";
import { scalesOf, trainedSizesOf } from "./scales";
import { planPicture, type PlannedFormats } from "./wgsl/needs";
import { textState } from "./wgsl/graphs";

/** Nothing is known of the GPU yet: most compute in float16, make buffers of a gigabyte, and are quick enough for the largest pictures. The autoencoder's weights stay as they are. */
function usualGpu(weights: WeightFormat): PlannedFormats {
  const ofNetwork: PlannedFormats["weights"] = (network) => (network === "autoencoder" ? "f16" : weights);
  return { format: "f16", weights: ofNetwork, bufferBytes: 2 ** 30, bindingBytes: 2 ** 30 };
}

/**
 * @param rule the sampler's rule, where a person chose one
 * @throws OnestrokeError `model-*`, `download-*`, `offline`, `cancelled`
 */
export async function outlineModel(files: ModelFiles, readAs: ReadAs, signal?: AbortSignal, rule?: ChosenRule): Promise<ModelOutline> {
  if (readAs === "weights") return outlineWeights(files, rule, signal);
  // The reader of graphs is fetched only for them, as their engine is.
  const { outlineGraphs } = await scriptOf(import("./ort/outline"));
  return outlineGraphs(files, rule, signal);
}

async function outlineWeights(files: ModelFiles, rule: ChosenRule | undefined, signal?: AbortSignal): Promise<ModelOutline> {
  const manifest = await manifestOf(files, signal);
  const suffixes = { "stable-diffusion": [""], "stable-diffusion-xl": ["", "_2"], "class-to-image": [] } as const;
  const names = suffixes[manifest.pipeline];
  for (const suffix of names) {
    const { store, folder } = component(manifest, `tokenizer${suffix}`);
    await openTokenizerFiles(store, folder, signal);
  }
  const encoders = names.map((suffix) => openTextEncoder(component(manifest, `text_encoder${suffix}`)));
  const denoiser = openDenoiser(component(manifest, denoiserName(manifest)));
  const vae = component(manifest, "vae");
  const autoencoder = openAutoencoder(vae);
  checkDenoiser(denoiser, autoencoder.latentChannels, encoders);
  const finePart = manifest.components.vae_fine;
  const fine = finePart && openAutoencoder(finePart);
  if (fine !== undefined) checkFineDecoder(fine, autoencoder);
  const sampler = samplerOf(manifest.sampler, () => component(manifest, "scheduler").config, { rule });
  const trainedSizes = trainedSizesOf(scalesOf(denoiser.sampleSize, autoencoder, fine));
  for (const { side } of trainedSizes) checkUsualSide(side);
  const defaultSize = usualSide(trainedSizes, true);
  const decoders = fine === undefined ? (["vae"] as const) : (["vae", "vae_fine"] as const);
  const parts = [...names.map((suffix) => `text_encoder${suffix}` as const), denoiserName(manifest), ...decoders];
  // A download needs the names of the files, what is no file of tensors is refused now, and what is loaded early needs to know the formats.
  const opened = await Promise.all(parts.map(async (name) => [name, await openComponent(component(manifest, name), signal)] as const));
  const networks = { texts: encoders, state: textState(manifest), denoiser, autoencoder, fine };
  const planWith = (weights: WeightFormat) => planPicture(networks, { width: defaultSize, height: defaultSize }, usualGpu(weights));
  const { peakBytes, turns } = planWith("f16");
  return {
    readAs: "weights",
    pipeline: manifest.pipeline,
    family: files.entry?.family ?? familyOf(manifest),
    defaultSize,
    trainedSizes,
    maxSteps: manifest.steps?.maximum ?? maxSteps(sampler),
    parts: parts.map((name): ModelPart => ({ name, engine: "wgsl", byteLength: componentBytes(manifest.components[name]) })),
    gpuBytes: peakBytes,
    smallerGpuBytes: { q8: planWith("q8").peakBytes, q4: planWith("q4").peakBytes },
    turns,
    weightFormats: Object.fromEntries(opened.map(([name, { weightFormat }]) => [name, weightFormat])),
    storedNumbers: Object.fromEntries(opened.map(([name, { storedNumbers }]) => [name, [...storedNumbers]])),
  };
}
