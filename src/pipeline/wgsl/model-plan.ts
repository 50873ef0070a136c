// What is decided of a model before anything large of it is read: whether its parts fit together, the format of its weights, and the memory
// that each format would take.
import { componentBytes, denoiserName, type Manifest } from "../../checkpoints/manifest";
import type { WideNetwork } from "../../common/wide-network";
import type { ModelMemory, ModelPart } from "../../common/model-facts";
import type { AskedWeights, WeightFormat } from "../../common/weight-format";
import type { Device } from "../../engine/device";
import type { NumberFormat } from "../../engine/tensor";
import { usualSide } from "../../common/trained-sizes";
import { checkDenoiser, checkFineDecoder } from "../check-parts";
import type { Size } from "../engine";
import { checkUsualSide } from "../fit";
import type { WgslAutoencoder } from "./autoencoder";
import type { WgslDenoiser } from "./denoiser";
import { planWeights, type WeightSurvey } from "./fitting-weights";
import { textState } from "./graphs";
import { planPicture, USUAL_MEMORY_BYTES, type PlannedFormats, type PlannedNetworks } from "./needs";
import type { WgslTextEncoder } from "./text-encoder";

export interface WgslNetworks {
  readonly texts: readonly WgslTextEncoder[];
  readonly denoiser: WgslDenoiser;
  readonly autoencoder: WgslAutoencoder;
}

/** By component, of those whose weights may be quantised. */
export type WeightFormats = ReadonlyMap<string, WeightFormat>;

export interface PlannedModel {
  readonly planned: PlannedNetworks;
  /** Of the pictures that it draws where nobody says. */
  readonly size: Size;
  readonly formats: PlannedFormats;
  readonly weights: WeightFormats;
  /** What a picture of that size takes. */
  readonly memory: ModelMemory;
  /** The same with these networks in float32. */
  readonly memoryWith: (inFloat32: readonly WideNetwork[]) => ModelMemory;
}

interface Choices {
  /** Of activations. */
  readonly format: NumberFormat;
  readonly weights?: AskedWeights | undefined;
  readonly memoryBytes?: number | undefined;
  readonly inFloat32?: readonly WideNetwork[];
}

/** @throws OnestrokeError `model-*` */
export async function planModel(
  manifest: Manifest,
  device: Device,
  { texts, denoiser, autoencoder }: WgslNetworks,
  { format, weights: choice = "published", memoryBytes = USUAL_MEMORY_BYTES, inFloat32 = [] }: Choices,
  signal?: AbortSignal,
): Promise<PlannedModel> {
  const roles = texts.map(({ role }) => role);
  checkDenoiser(denoiser.role, autoencoder.role.latentChannels, roles);
  const { role, fine, scales } = autoencoder;
  if (fine !== undefined) checkFineDecoder(fine, role);
  for (const scale of scales) checkUsualSide(scale.side);
  const side = usualSide(scales, device.target(format).traits.drawsLarge);
  const planned = { texts: roles, state: textState(manifest), denoiser: denoiser.role, autoencoder: role, fine };
  const size = { width: side, height: side };

  const stored: WeightFormats = new Map(await Promise.all([...texts, denoiser].map(({ network }) => network.weightFormat(signal))));
  const weightsOf = (asked: WeightFormat | "published"): WeightFormats =>
    asked === "published" ? stored : new Map([...stored.keys()].map((name) => [name, asked]));
  const formatsOf = (weights: WeightFormats): PlannedFormats => ({
    format,
    weights: (network) => weights.get(network === "denoiser" ? denoiserName(manifest) : network) ?? "f16",
    bufferBytes: device.gpu.limits.maxBufferSize,
    bindingBytes: device.gpu.limits.maxStorageBufferBindingSize,
  });
  const planWith = (asked: WeightFormat | "published", wide: readonly WideNetwork[]) =>
    planPicture(planned, size, { ...formatsOf(weightsOf(asked)), inFloat32: wide }, memoryBytes);
  const surveyed = (wide: readonly WideNetwork[]): WeightSurvey => planWeights((asked) => planWith(asked, wide), memoryBytes);
  const survey = surveyed(inFloat32);
  const asked = choice === "fitting" ? survey.fitting : choice;
  const memoryOf = ({ plans, byWeights }: WeightSurvey, wide: readonly WideNetwork[]): ModelMemory => {
    const { peakBytes: gpuBytes, turns } = asked === "f16" ? planWith(asked, wide) : plans[asked];
    return { gpuBytes, turns, byWeights };
  };
  const memory = memoryOf(survey, inFloat32);
  const memoryWith = (wide: readonly WideNetwork[]): ModelMemory => memoryOf(surveyed(wide), wide);
  const weights = weightsOf(asked);
  return { planned, size, formats: formatsOf(weights), weights, memory, memoryWith };
}

/** The networks with weights, in the order they run. */
export function partsOf(manifest: Manifest, formats: WeightFormats): readonly ModelPart[] {
  const names = ["text_encoder", "text_encoder_2", denoiserName(manifest), "vae", "vae_fine"] as const;
  return names
    .map((name): ModelPart => {
      const weights = formats.get(name) ?? "f16";
      return { name, engine: "wgsl", byteLength: componentBytes(manifest.components[name]), weights };
    })
    .filter(({ byteLength }) => byteLength > 0);
}
