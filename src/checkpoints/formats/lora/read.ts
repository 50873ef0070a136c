// A LoRA file (Hu et al., arXiv 2106.09685): for some layers of a network two thin matrices, whose product is added to the layer's weight.
// Relatives that combine more than two matrices, or scale by directions, are refused by name.
import { OnestrokeError } from "../../../common/errors";
import { loraName } from "../../../common/recipe-lora";
import type { ByteStore } from "../../byte-source";
import { foreignError } from "../../foreign-file";
import { canonicalName } from "../../spellings";
import { readTensorFile } from "../../tensor-file";
import { tensorReader, type TensorReader } from "../../tensor-reader";
import { parseLoraKey, type LoraKey } from "./keys";

/** The two matrices of one layer. */
export interface LoraLayer extends Pick<LoraKey, "target" | "module" | "separator"> {
  /** Names in the file's reader. */
  readonly up: string;
  readonly down: string;
  /** Name of the scale; absent where it is the rank, so that the product is added as it is. */
  readonly alpha: string | undefined;
}

export interface Lora {
  /** For messages and recipes: the file's name without its ending. */
  readonly name: string;
  readonly reader: TensorReader;
  readonly layers: readonly LoraLayer[];
}

const RELATIVES: readonly (readonly [name: RegExp, what: string])[] = [
  [/\.hada_w\d/, "a LoHa, which multiplies two LoRAs"],
  [/\.lokr_w\d/, "a LoKr, which is made of Kronecker products"],
  [/\.dora_scale$|\.lora_magnitude_vector(?:\.|$)/, "a DoRA, which also scales by directions"],
  [/\.oft_(?:blocks|diag)|\.oft_R\./, "an OFT, which turns weights"],
  [/\.lora_mid\./, "a LoRA with a third matrix for each convolution (CP decomposition)"],
  [/\.(?:diff|diff_b|b_norm|w_norm|reshape_weight)$|\.lora_(?:up|B)\.bias$/, "whole differences of weights beside a LoRA's matrices"],
  [/(?:^|\.)(?:lora_transformer_|transformer\.|double_blocks|single_blocks)/, "a LoRA for a diffusion transformer"],
];

/** @throws OnestrokeError `model-unsupported`, `model-corrupt`, `model-missing`; what the store throws */
export async function readLora(store: ByteStore, path: string, signal?: AbortSignal): Promise<Lora> {
  const source = await store.open(path, signal);
  const { tensors } = await readTensorFile(source, signal);
  const names = [...tensors.keys()];
  const relative = RELATIVES.find(([pattern]) => names.some((name) => pattern.test(name)));
  const remedy = "Choose an ordinary LoRA (LCM, Hyper-SD and DMD2 publish them), or merge it into its model with the program that made it.";
  if (relative !== undefined) throw foreignError(source.name, { what: relative[1], remedy, code: "model-unsupported" }, "holds");
  const parts = new Map<string, { readonly key: LoraKey; up?: string; down?: string; alpha?: string }>();
  for (const name of names) {
    const key = parseLoraKey(name);
    if (key === undefined) throw notALora(source.name, name);
    const id = `${key.target} ${key.module}`;
    const part = parts.get(id) ?? { key };
    part[key.role] = name;
    parts.set(id, part);
  }
  if (parts.size === 0) throw notALora(source.name, "");
  const layers = [...parts.values()].map(({ key, up, down, alpha }): LoraLayer => {
    const { target, module, separator } = key;
    if (up !== undefined && down !== undefined) return { target, module, separator, up, down, alpha };
    throw new OnestrokeError("model-corrupt", `${source.name} has only one of the two matrices of "${module.slice(0, 80)}"`, {
      file: source.name,
    });
  });
  return {
    name: fileName(path),
    reader: tensorReader(source.name, new Map([...tensors].map(([name, tensor]) => [canonicalName(name), tensor]))),
    layers,
  };
}

function notALora(file: string, name: string): OnestrokeError {
  const what = name === "" ? "is empty" : `has "${name.slice(0, 80)}", which is no matrix of a LoRA`;
  return new OnestrokeError("model-unsupported", `${file} ${what}`, {
    file,
    remedy: "Choose a LoRA's own file. A whole model is opened by itself.",
  });
}

function fileName(path: string): string {
  return loraName((path.split("/").at(-1) ?? path).replace(/\.(?:safetensors|ckpt|pth?|bin)$/i, ""));
}
