// Weight files that are in order and are of something else than the network they are read for, told by the names of
// their tensors: whole checkpoints in the original layout, LoRAs, quantised weights, names behind a prefix.
import type { ByteSource } from "./byte-source";
import { CONVERT_PICKLES, type Foreign } from "./foreign-file";
import { readSafetensorsHeader } from "./safetensors";

const SAVE_FOLDER = "Load it with diffusers, write it with save_pretrained(FOLDER), and open that folder.";
const unsupported = (what: string, remedy: string): Foreign => ({ what, remedy, code: "model-unsupported" });

const ORIGINAL = unsupported(
  "a whole checkpoint in the original layout, in one file, which is not read yet",
  "Use the model's folder in diffusers' layout, or make one: load the file with diffusers' from_single_file and write it with save_pretrained(FOLDER).",
);
const LORA = unsupported(
  "a LoRA, which is an addition to a model and no model",
  "Merge it into its model with diffusers (load_lora_weights, fuse_lora, save_pretrained(FOLDER)), and open that folder.",
);
const FLOAT8 = unsupported(
  "float8 weights with scales beside them, which are not read",
  "Use the float16 or bfloat16 weights of the model.",
);
const QUANTISED = unsupported("quantised weights, which are not read", "Use the float16 or bfloat16 weights of the model.");

/** In this order: a LoRA's names may hold those of a layout. */
const BY_NAME: readonly (readonly [name: RegExp, Foreign])[] = [
  [/(?:^|[._])lora(?:[._](?:A|B|up|down|mid|unet|te\d?|transformer)\b|_)|\.(?:hada_w\d|lokr_w\d|oft_blocks|dora_scale|lora_\w+)/, LORA],
  [/(?:^|\.)scaled_fp8$|\.(?:scale_weight|scale_input|weight_scale(?:_inv|_2)?|input_scale)$/, FLOAT8],
  [/\.(?:absmax|quant_map|nested_absmax|qweight|qzeros|g_idx|weight_packed|SCB)$|\.quant_state\./, QUANTISED],
  [/^(?:model\.diffusion_model|first_stage_model|cond_stage_model|conditioner\.embedders|model_ema)\./, ORIGINAL],
  [/^(?:controlnet_|input_hint_block\.|control_model\.)/, unsupported("a ControlNet", "Choose the model that it steers.")],
  [/^(?:ip_adapter|image_proj)\./, unsupported("an IP-Adapter", "Choose the model that it steers.")],
  [/^(?:emb_params|clip_[lg]|string_to_param.*)$/, unsupported("a textual inversion, which is a word and no model", "Choose a model.")],
  [
    /^(?:model\.)?(?:double_blocks|single_blocks|joint_blocks|single_transformer_blocks)\./,
    unsupported("a diffusion transformer (Flux, SD3 and their kin)", "Choose a UNet model: Stable Diffusion 1, 2, XL and their students."),
  ],
  [/^(?:shared\.weight$|encoder\.block\.\d)/, unsupported("a T5 text encoder", "Choose a model whose text encoder is CLIP.")],
];

/**
 * @param names tensors that the network does not have; empty where there is no surplus
 * @returns what they are, if that is known
 */
export function foreignWeights(names: readonly string[]): Foreign | undefined {
  return BY_NAME.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
}

/**
 * What a file holds of which the network knows no name at all: nothing is missing, it is another one's.
 * @param expected names of the network
 */
export function otherNetwork(names: readonly string[], expected: Iterable<string>): Foreign {
  const wanted = new Set(expected);
  for (const name of names) {
    for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
      if (!wanted.has(name.slice(dot + 1))) continue;
      const prefix = name.slice(0, dot + 1);
      return unsupported(
        `this network's weights under names that begin with "${prefix}", as they are saved from inside another one`,
        `Save the network by itself, so that its names do not begin with "${prefix}". ${SAVE_FOLDER}`,
      );
    }
  }
  const [first = ""] = names;
  return unsupported(
    `the weights of another network: "${first.slice(0, 80)}" and no name of this one`,
    `Choose the file of this network. ${CONVERT_PICKLES}`,
  );
}

const ONE_NETWORK = unsupported(
  "the weights of one network, and a model is several",
  "Open the folder of the whole model, the one with model_index.json.",
);

/**
 * What a file is that was named as if it were a model.
 * @throws OnestrokeError what `source.read` throws; `model-corrupt` when the file is damaged
 */
export async function singleFile(source: ByteSource, signal?: AbortSignal): Promise<Foreign> {
  const { tensors } = await readSafetensorsHeader(source, signal);
  return foreignWeights([...tensors.keys()]) ?? ONE_NETWORK;
}
