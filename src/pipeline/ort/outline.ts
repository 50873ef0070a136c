// A folder of ONNX exports as an outline: graphs are read, the weights beside them are not.
import type { ModelFiles } from "../../checkpoints/places";
import type { ModelPart } from "../../common/model-facts";
import type { ModelOutline } from "../../common/model-outline";
import { usualSide } from "../../common/trained-sizes";
import { storedBytes } from "../../ort/session/open-model";
import { maxSteps } from "../../samplers/sampler";
import type { ChosenRule } from "../../common/chosen-sampler";
import { familyOfTextChannels } from "../default-steering";
import { intermediateBytes, openTokenizerFiles, sum } from "../outline-bytes";
import { scalesOf, trainedSizesOf } from "../scales";
import { openOnnxCheckpoint } from "./checkpoint";

/** @throws OnestrokeError as `openOnnxCheckpoint` and `storedBytes` */
export async function outlineGraphs(files: ModelFiles, rule: ChosenRule | undefined, signal?: AbortSignal): Promise<ModelOutline> {
  const checkpoint = await openOnnxCheckpoint(files, rule, signal);
  await openTokenizerFiles(checkpoint.store, "tokenizer", signal);
  const { sampleSize, decoder: usual, fine, sampleMultiple } = checkpoint;
  const scales = scalesOf(sampleSize, usual, fine, sampleMultiple);
  const graphs = [
    ["text_encoder", checkpoint.textEncoder],
    ["unet", checkpoint.unet],
    ...scales.map(({ decoder: { name, file } }) => [name, file] as const),
  ] as const;
  const parts = await Promise.all(
    graphs.map(async ([name, file]): Promise<ModelPart> => ({ name, engine: "ort-webgpu", byteLength: await storedBytes(file, signal) })),
  );
  const trainedSizes = trainedSizesOf(scales);
  const defaultSize = usualSide(trainedSizes, true);
  return {
    readAs: "graphs",
    pipeline: "stable-diffusion",
    family: files.entry?.family ?? familyOfTextChannels(undefined),
    defaultSize,
    trainedSizes,
    maxSteps: files.entry?.steps.maximum ?? maxSteps(checkpoint.samplerOf(undefined)),
    parts,
    gpuBytes: sum(parts.map(({ byteLength }) => byteLength)) + intermediateBytes(defaultSize),
    turns: [],
  };
}
