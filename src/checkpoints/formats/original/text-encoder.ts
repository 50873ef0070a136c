// The text encoders of the original repositories: CLIP-L under the names that transformers gives it, and OpenCLIP's under its own names,
// with query, key and value in one matrix. The latter are views: slices of it, and a projection with its axes exchanged.
import type { JsonObject } from "../../../common/json";
import { canonicalName } from "../../spellings";
import { rowsOf, transposed, type StoredTensor, type StoredTensors } from "../../stored-tensor";
import { unfit } from "./unet";

/** Width of every head of a published CLIP. */
const HEAD_CHANNELS = 64;
const MOST_LAYERS = 128;

export interface OriginalText {
  readonly className: "CLIPTextModel" | "CLIPTextModelWithProjection";
  readonly config: JsonObject;
  readonly tensors: StoredTensors;
}

/** CLIP-L, whose names are already ours, some without their beginning. @param tensors without their prefix */
export function clipText(tensors: StoredTensors, where: string): OriginalText {
  const named = new Map([...tensors].filter(([name]) => !UNREAD.test(name)).map(([name, tensor]) => [canonicalName(name), tensor]));
  const layers = countLayers((layer) => named.has(`text_model.encoder.layers.${layer}.layer_norm1.weight`));
  return {
    className: "CLIPTextModel",
    config: config(named, where, { layers, activation: "quick_gelu", class: "CLIPTextModel" }),
    tensors: named,
  };
}

/**
 * OpenCLIP.
 * @param tensors without their prefix
 * @param reads what the denoiser reads: the last layer but one after the final norm (SD2), so that the last one is left out; or the
 * state before the last layer, and the projection of the last one (SDXL)
 */
export function openClipText(tensors: StoredTensors, where: string, reads: "last but one" | "projection"): OriginalText {
  const stored = countLayers((layer) => tensors.has(`transformer.resblocks.${layer}.ln_1.weight`));
  const width = tensors.get("ln_final.weight")?.shape[0] ?? 0;
  const isShort = width === 1024 && stored === 23;
  // OpenCLIP-H has 24 layers, and the scripts that convert diffusers' folders write the 23 that are read.
  const layers = reads === "last but one" && !isShort ? stored - 1 : stored;
  const named = new Map<string, StoredTensor>();
  for (const [name, tensor] of tensors) for (const [here, view] of views(name, tensor, layers)) named.set(here, view);
  const className = reads === "projection" ? "CLIPTextModelWithProjection" : "CLIPTextModel";
  const projection = named.get("text_projection.weight")?.shape[0];
  if (className === "CLIPTextModelWithProjection" && projection === undefined)
    throw unfit(where, "has a text encoder without a projection");
  return {
    className,
    config: { ...config(named, where, { layers, activation: "gelu", class: className }), projection_dim: projection ?? width },
    tensors: named,
  };
}

const LAYER_PARTS: Readonly<Record<string, string>> = {
  ln_1: "layer_norm1",
  ln_2: "layer_norm2",
  "attn.out_proj": "self_attn.out_proj",
  "mlp.c_fc": "mlp.fc1",
  "mlp.c_proj": "mlp.fc2",
};

const WHOLE: Readonly<Record<string, string>> = {
  positional_embedding: "text_model.embeddings.position_embedding.weight",
  "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
  "ln_final.weight": "text_model.final_layer_norm.weight",
  "ln_final.bias": "text_model.final_layer_norm.bias",
};

/** Tensors that are kept in the file and that no picture depends on. */
const UNREAD = /^(?:attn_mask|logit_scale|logit_bias|visual\..*|transformer\.text_model\.embeddings\.position_ids)$/;

/** What one stored tensor is here: one tensor, three, or none. */
function views(name: string, tensor: StoredTensor, layers: number): readonly (readonly [string, StoredTensor])[] {
  if (UNREAD.test(name)) return [];
  const whole = WHOLE[name];
  if (whole !== undefined) return [[whole, tensor]];
  // The original multiplies from the other side.
  if (name === "text_projection") return [["text_projection.weight", transposed(tensor)]];
  const [, layer = "", part = "", kind = ""] = /^transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)$/.exec(name) ?? [];
  if (Number(layer) >= layers && layer !== "") return [];
  const prefix = `text_model.encoder.layers.${layer}`;
  if (part === "attn.in_proj") {
    const rows = Math.floor((tensor.shape[0] ?? 0) / 3);
    return ["q_proj", "k_proj", "v_proj"].map(
      (side, i) => [`${prefix}.self_attn.${side}.${kind}`, rowsOf(tensor, i * rows, rows)] as const,
    );
  }
  const here = Object.hasOwn(LAYER_PARTS, part) ? LAYER_PARTS[part] : undefined;
  return [[here === undefined ? name : `${prefix}.${here}.${kind}`, tensor]];
}

interface Facts {
  readonly layers: number;
  readonly activation: "quick_gelu" | "gelu";
  readonly class: string;
}

function config(tensors: StoredTensors, where: string, { layers, activation, class: className }: Facts): JsonObject {
  const [vocabulary = 0, channels = 0] = tensors.get("text_model.embeddings.token_embedding.weight")?.shape ?? [];
  const tokens = tensors.get("text_model.embeddings.position_embedding.weight")?.shape[0];
  const hidden = tensors.get("text_model.encoder.layers.0.mlp.fc1.weight")?.shape[0];
  if (channels < HEAD_CHANNELS || tokens === undefined || hidden === undefined) throw unfit(where, "has a text encoder that is not CLIP's");
  return {
    model_type: "clip_text_model",
    architectures: [className],
    vocab_size: vocabulary,
    hidden_size: channels,
    intermediate_size: hidden,
    max_position_embeddings: tokens,
    num_hidden_layers: layers,
    num_attention_heads: Math.floor(channels / HEAD_CHANNELS),
    hidden_act: activation,
  };
}

function countLayers(has: (layer: number) => boolean): number {
  let layers = 0;
  while (layers < MOST_LAYERS && has(layers)) layers++;
  return layers;
}
