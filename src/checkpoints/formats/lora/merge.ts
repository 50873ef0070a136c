// LoRAs over a model: its manifest with weights that are read with what is added to them, W + weight * alpha / rank * up * down. The
// engine adds it in float32 on the GPU, weight by weight; the pipeline and the networks see an ordinary manifest. Layers that the model
// does not have are refused, because a LoRA that is only partly there draws something else.
import type { ComponentName } from "../../../catalogue/components";
import { OnestrokeError } from "../../../common/errors";
import { parseUnetConfig } from "../../../networks/unet-config";
import type { Sampler } from "../../../samplers/sampler";
import { component, componentBytes, openComponent, type Component, type Manifest, type Reweighed } from "../../manifest";
import type { Addition, TensorReader } from "../../tensor-reader";
import { namesFewSteps } from "../few-step-name";
import { renamed, unetModules, type ModuleNames } from "../original/unet-names";
import type { Lora, LoraLayer } from "./read";

/** A LoRA, and how much of it is added; negative weights take away. */
export interface WeightedLora {
  readonly lora: Lora;
  readonly weight: number;
  readonly hash?: string | undefined;
}

const TARGETS = ["unet", "text_encoder", "text_encoder_2"] as const satisfies readonly ComponentName[];

type Target = (typeof TARGETS)[number];

/** @throws OnestrokeError `model-unsupported` naming a layer that is not the model's; what opening the model's weights throws */
export function withLoras(manifest: Manifest, loras: readonly WeightedLora[], signal?: AbortSignal): Promise<Manifest> {
  return new Merger(manifest).merged(loras, signal);
}

/** Merges LoRAs into one model, again and again with other weights: its files are opened once. */
class Merger {
  readonly #base: Manifest;
  readonly #readers = new Map<Target, Promise<TensorReader>>();

  constructor(base: Manifest) {
    this.#base = base;
  }

  async merged(loras: readonly WeightedLora[], signal?: AbortSignal): Promise<Manifest> {
    const active = loras.filter(({ weight }) => weight !== 0);
    const components: Partial<Record<ComponentName, Component>> = { ...this.#base.components };
    for (const target of TARGETS) {
      const touching = active.filter((one) => touches(one, target));
      if (touching.length === 0) continue;
      let reader = await this.#open(target, touching[0], signal);
      for (const one of touching) reader = reader.plus(await this.#additions(one, target, signal));
      const merged = reader;
      const part = component(this.#base, target);
      components[target] = { ...part, weights: { byteLength: componentBytes(part), open: async () => merged } };
    }
    const { sampler } = this.#base;
    // A few-step LoRA is what a model that was not made for few steps lacks.
    const isQuick = active.some(({ lora }) => namesFewSteps(lora.name));
    const stepped = sampler === undefined || !isQuick ? {} : { sampler: withoutDoubt(sampler) };
    return {
      ...this.#base,
      ...stepped,
      components,
      loras: loras.map(({ lora: { name }, weight, hash }) => ({ name, weight, ...(hash !== undefined && { hash }) })),
      reweighed: (weights, stop) => this.#reweighed(loras, weights, stop),
    };
  }

  async #reweighed(loras: readonly WeightedLora[], weights: readonly number[], signal?: AbortSignal): Promise<Reweighed> {
    const next = loras.map((one, index) => ({ ...one, weight: weights[index] ?? one.weight }));
    const moved = next.filter(({ weight }, index) => weight !== loras[index]?.weight);
    const changed = new Map<ComponentName, ReadonlySet<string>>();
    for (const target of TARGETS) {
      const names = new Set<string>();
      for (const one of moved.filter((each) => touches(each, target))) {
        for (const name of (await this.#additions(one, target, signal)).keys()) names.add(name);
      }
      if (names.size > 0) changed.set(target, names);
    }
    return { manifest: await this.merged(next, signal), changed };
  }

  async #additions(weighted: WeightedLora, target: Target, signal?: AbortSignal): Promise<ReadonlyMap<string, Addition>> {
    const base = await this.#open(target, weighted, signal);
    return additionsTo(base, component(this.#base, target), target, weighted, this.#base);
  }

  #open(target: Target, weighted: WeightedLora | undefined, signal?: AbortSignal): Promise<TensorReader> {
    const part = this.#base.components[target];
    if (part === undefined) throw unfit(weighted, this.#base, `its ${target}, which this model does not have`);
    const opening = this.#readers.get(target) ?? openComponent(part, signal);
    this.#readers.set(target, opening);
    // A failure is not remembered: the next attempt may succeed.
    opening.catch(() => this.#readers.delete(target));
    return opening;
  }
}

function touches({ lora }: WeightedLora, target: Target): boolean {
  return lora.layers.some((layer) => layer.target === target);
}

function withoutDoubt({ rule, noise, predictionType }: Sampler): Sampler {
  return { rule, noise, predictionType };
}

function additionsTo(
  base: TensorReader,
  part: Component,
  target: ComponentName,
  weighted: WeightedLora,
  manifest: Manifest,
): ReadonlyMap<string, Addition> {
  const layers = weighted.lora.layers.filter((layer) => layer.target === target);
  const names = namesOf(base, target === "unet" ? part : undefined);
  return new Map(
    layers.map((layer) => {
      const name = names(layer);
      if (name === undefined)
        throw unfit(weighted, manifest, `"${layer.module.slice(0, 80)}", which is no layer of this model's ${target}`);
      checkShapes(base.shape(name), weighted, layer, manifest);
      return [name, additionOf(weighted, layer)];
    }),
  );
}

/** Finds the weight that a layer's name means, in whichever way it is spelt. */
function namesOf(base: TensorReader, unet: Component | undefined): (layer: LoraLayer) => string | undefined {
  const layers = base.names.filter((name) => name.endsWith(".weight")).map((name) => name.slice(0, -".weight".length));
  const bySpelling = new Map([
    ...layers.map((name) => [name, name] as const),
    ...layers.map((name) => [name.replaceAll(".", "_"), name] as const),
  ]);
  const modules = unet === undefined ? [] : originalModules(unet);
  return ({ module, separator }) => {
    const found = bySpelling.get(module) ?? bySpelling.get(renamed(module, modules, separator) ?? "");
    return found === undefined ? undefined : `${found}.weight`;
  };
}

/** What the original repositories call the modules of a UNet. */
function originalModules({ config }: Component): ModuleNames {
  return unetModules(parseUnetConfig(config).down.map(({ depths }) => ({ resnets: depths.length, depth: depths[0] ?? 0 })));
}

function checkShapes(weight: readonly number[], weighted: WeightedLora, layer: LoraLayer, manifest: Manifest): void {
  const { reader } = weighted.lora;
  const [up, down] = [reader.shape(layer.up), reader.shape(layer.down)];
  const [outputs = 0, rank = 0, ...rest] = up;
  const fits =
    outputs === weight[0] && rank === down[0] && rank > 0 && product(rest) === 1 && outputs * (product(down) / rank) === product(weight);
  if (fits) return;
  throw unfit(
    weighted,
    manifest,
    `[${up.join(", ")}] by [${down.join(", ")}] at "${layer.module.slice(0, 80)}", whose weight is [${weight.join(", ")}]`,
  );
}

function additionOf({ lora: { reader }, weight }: WeightedLora, layer: LoraLayer): Addition {
  return async (signal) => {
    const up = await reader.readFloat32(layer.up, signal);
    const down = await reader.readFloat32(layer.down, signal);
    const rank = reader.shape(layer.down)[0] ?? 1;
    const alpha = layer.alpha === undefined ? rank : ((await reader.readFloat32(layer.alpha, signal))[0] ?? rank);
    return { up, down, rank, scale: (weight * alpha) / rank };
  };
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

function unfit(weighted: WeightedLora | undefined, { name }: Manifest, what: string): OnestrokeError {
  const lora = weighted?.lora.name ?? "";
  return new OnestrokeError("model-unsupported", `the LoRA ${lora} does not fit ${name}: it changes ${what}`, {
    lora,
    remedy: "Choose a LoRA that was made for this model's family: Stable Diffusion 1, 2 or XL.",
  });
}
