// Weight files that are valid but belong to something other than the network they are read for. The names of their tensors
// tell: whole checkpoints in the original layout, LoRAs, quantised weights, names with a prefix.
import { CONVERT, type Foreign } from "./foreign-file";

const SAVE_FOLDER = "Load it with diffusers, write it with save_pretrained(FOLDER), and open that folder.";
const unsupported = (what: string, remedy: string): Foreign => ({ what, remedy, code: "model-unsupported" });

const ORIGINAL = unsupported(
  "a whole checkpoint in the original layout, in one file",
  "Open this file itself as the model, and not the folder that it is in.",
);
const LORA = unsupported(
  "a LoRA, which is an addition to a model and not a model",
  "Open the model that it was made for, and add this file to it: drop it on the page, or name it with --lora FILE on the command line.",
);
const UNET_MODELS = "Choose a UNet model: Stable Diffusion 1, 2, XL and their students.";
const FLOAT8 = unsupported(
  "float8 weights with scales beside them, which are not read",
  "Use the float16 or bfloat16 weights of the model.",
);
const QUANTISED = unsupported("quantised weights, which are not read", "Use the float16 or bfloat16 weights of the model.");

/** The order matters: a LoRA's names may contain those of a layout. */
const BY_NAME: readonly (readonly [name: RegExp, Foreign])[] = [
  [/(?:^|[._])lora(?:[._](?:A|B|up|down|mid|unet|te\d?|transformer)\b|_)|\.(?:hada_w\d|lokr_w\d|oft_blocks|dora_scale|lora_\w+)/, LORA],
  [/(?:^|\.)scaled_fp8$|\.(?:scale_weight|scale_input|weight_scale(?:_inv|_2)?|input_scale)$/, FLOAT8],
  [/\.(?:absmax|quant_map|nested_absmax|qweight|qzeros|g_idx|weight_packed|SCB)$|\.quant_state\./, QUANTISED],
  [/^(?:controlnet_|input_hint_block\.|control_model\.)/, unsupported("a ControlNet", "Choose the model that it steers.")],
  [/^(?:ip_adapter|image_proj)\./, unsupported("an IP-Adapter", "Choose the model that it steers.")],
  [/^(?:emb_params|clip_[lg]|string_to_param.*)$/, unsupported("a textual inversion, which is a word and not a model", "Choose a model.")],
  [
    /(?:^|\.)(?:double_blocks|single_transformer_blocks|double_stream_modulation_img)\./,
    unsupported("a diffusion transformer of the Flux family", UNET_MODELS),
  ],
  [
    /(?:^|\.)joint_blocks\.|\.joint_transformer_blocks\./,
    unsupported("a diffusion transformer of the Stable Diffusion 3 family", UNET_MODELS),
  ],
  [
    /(?:^|[._])(?:motion_modules|time_stack|time_mixer|temporal_transformer|temporal_attentions)[._]/,
    unsupported("a network that draws video", UNET_MODELS),
  ],
  [
    /(?:^|\.)(?:patchify_proj|cap_embedder|y_embedder|x_embedder|text_embedding|double_layers|img_in|caption_projection|llm_adapter)\./,
    unsupported("a diffusion transformer", UNET_MODELS),
  ],
  [/^(?:model\.)?(?:clip_txt_mapper|clip_txt_pooled_mapper|effnet_mapper)\./, unsupported("Stable Cascade", UNET_MODELS)],
  [/^cc_projection\./, unsupported("Zero123, which turns objects in pictures", UNET_MODELS)],
  [/^(?:embedder\.model|noise_augmentor)\./, unsupported("an unCLIP model, which reads pictures in place of texts", UNET_MODELS)],
  [/^(?:shared\.weight$|encoder\.block\.\d)/, unsupported("a T5 text encoder", "Choose a model whose text encoder is CLIP.")],
  [
    /^(?:model\.diffusion_model|diffusion_model|first_stage_model|cond_stage_model|conditioner\.embedders|model_ema|input_blocks)\./,
    ORIGINAL,
  ],
];

/**
 * @param names tensors in the file that the network does not have; empty if it has them all
 * @returns what the tensors are, if that is known
 */
export function foreignWeights(names: readonly string[]): Foreign | undefined {
  return BY_NAME.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
}

/**
 * What a file holds if the network knows none of its names: then nothing is missing, but the file is another network's.
 * @param expected names that the network has
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
    `Choose the file of this network. ${CONVERT}`,
  );
}

const ONE_NETWORK = unsupported(
  "the weights of one network, while a model consists of several",
  "Open the folder of the whole model, which has model_index.json in it.",
);

/**
 * What a file holds that was given as if it were a whole model.
 * @returns undefined for a whole checkpoint in the original layout
 */
export function otherThanOriginal(names: readonly string[]): Foreign | undefined {
  const foreign = foreignWeights(names) ?? ONE_NETWORK;
  return foreign === ORIGINAL ? undefined : foreign;
}
