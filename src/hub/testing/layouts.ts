// Repositories in the layouts they are published in: full-size configurations, weights of a single number, and beside them everything
// that published repositories carry and nobody draws with.
import { float32Tensor, safetensorsFile } from "../../checkpoints/testing/safetensors-file";
import { KL, SD21, SDXL, SDXS } from "../../networks/published";

export type Files = Readonly<Record<string, Uint8Array | string>>;

const CLIP_L = {
  architectures: ["CLIPTextModel"],
  hidden_size: 768,
  intermediate_size: 3072,
  num_attention_heads: 12,
  num_hidden_layers: 12,
  hidden_act: "quick_gelu",
};
const CLIP_H = {
  architectures: ["CLIPTextModel"],
  hidden_size: 1024,
  intermediate_size: 4096,
  num_attention_heads: 16,
  num_hidden_layers: 23,
  hidden_act: "gelu",
};
const CLIP_G = {
  architectures: ["CLIPTextModelWithProjection"],
  hidden_size: 1280,
  intermediate_size: 5120,
  num_attention_heads: 20,
  num_hidden_layers: 32,
  hidden_act: "gelu",
  projection_dim: 1280,
};
const EULER = {
  _class_name: "EulerDiscreteScheduler",
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  prediction_type: "epsilon",
  timestep_spacing: "trailing",
};

/** A weight file; what is in it depends on its path, so that no two have the same hash. */
export function weights(path: string): Uint8Array {
  return safetensorsFile(new Map([[path.replaceAll("/", "."), float32Tensor([path.length, 1])]]));
}

const tokenizer = (folder: string): Files => ({
  [`${folder}/vocab.json`]: `{"<|startoftext|>":0,"<|endoftext|>":1,"${folder}</w>":2}`,
  [`${folder}/merges.txt`]: "#version: 0.2\n",
  [`${folder}/tokenizer_config.json`]: '{"model_max_length":77}',
  [`${folder}/special_tokens_map.json`]: "{}",
});

/** A network's folder: its configuration, and the weights as given, each under its stem. */
function network(folder: string, config: object, ...files: readonly string[]): Files {
  return {
    [`${folder}/config.json`]: JSON.stringify(config),
    ...Object.fromEntries(files.map((file) => [`${folder}/${file}`, weights(`${folder}/${file}`)])),
  };
}

const STEM = "diffusion_pytorch_model";
/** Both precisions, a pickle of each, and another framework's form. */
const everyForm = (stem: string): readonly string[] => [
  `${stem}.safetensors`,
  `${stem}.fp16.safetensors`,
  `${stem}.bin`,
  `${stem}.fp16.bin`,
  "flax_model.msgpack",
];

const index = (pipeline: string, parts: Readonly<Record<string, readonly [string, string]>>): string =>
  JSON.stringify({ _class_name: pipeline, ...parts });
const sdParts = {
  unet: ["diffusers", "UNet2DConditionModel"],
  text_encoder: ["transformers", "CLIPTextModel"],
  vae: ["diffusers", "AutoencoderKL"],
  tokenizer: ["transformers", "CLIPTokenizer"],
  scheduler: ["diffusers", "EulerDiscreteScheduler"],
} as const;

/** What surrounds the model in a published repository. */
const around: Files = { "README.md": "---\nlicense: mit\n---\n", ".gitattributes": "*.safetensors filter=lfs\n", "picture.png": "PNG" };

export const SD_TURBO: Files = {
  ...around,
  "model_index.json": index("StableDiffusionPipeline", sdParts),
  "sd_turbo.safetensors": weights("sd_turbo"),
  ...network("unet", { ...SD21, sample_size: 64 }, ...everyForm(STEM)),
  ...network("text_encoder", CLIP_H, ...everyForm("model")),
  ...network("vae", { ...KL, sample_size: 768 }, ...everyForm(STEM)),
  ...network("safety_checker", {}, "model.safetensors"),
  ...tokenizer("tokenizer"),
  "scheduler/scheduler_config.json": JSON.stringify(EULER),
};

/** Only single precision, as SDXS and LCM are published, and a second decoder that its index does not name. */
export const SDXS_DREAMSHAPER: Files = {
  ...around,
  "model_index.json": index("StableDiffusionPipeline", { ...sdParts, vae: ["diffusers", "AutoencoderTiny"] }),
  ...network("unet", { ...SDXS, sample_size: 64 }, `${STEM}.safetensors`),
  ...network("text_encoder", CLIP_L, "model.safetensors"),
  ...network("vae", {}, `${STEM}.safetensors`),
  ...network("vae_large", KL, `${STEM}.safetensors`),
  ...tokenizer("tokenizer"),
  "scheduler/scheduler_config.json": JSON.stringify(EULER),
};

export const LCM_DREAMSHAPER: Files = {
  ...around,
  "model_index.json": index("LatentConsistencyModelPipeline", { ...sdParts, scheduler: ["diffusers", "LCMScheduler"] }),
  "LCM_Dreamshaper_v7_4k.safetensors": weights("lcm"),
  ...network("unet", { sample_size: 64, cross_attention_dim: 768, attention_head_dim: 8, time_cond_proj_dim: 256 }, `${STEM}.safetensors`),
  ...network("text_encoder", CLIP_L, "model.safetensors"),
  ...network("vae", KL, `${STEM}.safetensors`),
  ...network("safety_checker", {}, "model.safetensors"),
  ...tokenizer("tokenizer"),
  "scheduler/scheduler_config.json": JSON.stringify({ ...EULER, _class_name: "LCMScheduler", original_inference_steps: 50 }),
};

/** SDXL's base, whose second precision of the UNet is in shards. */
export const SDXL_BASE: Files = {
  ...around,
  "model_index.json": index("StableDiffusionXLPipeline", {
    ...sdParts,
    text_encoder_2: ["transformers", "CLIPTextModelWithProjection"],
    tokenizer_2: ["transformers", "CLIPTokenizer"],
  }),
  "sd_xl_base_1.0.safetensors": weights("sd_xl_base_1.0"),
  ...network("unet", { ...SDXL, sample_size: 128 }, ...everyForm(STEM)),
  ...network("text_encoder", CLIP_L, ...everyForm("model")),
  ...network("text_encoder_2", CLIP_G, ...everyForm("model")),
  ...network("vae", { ...KL, scaling_factor: 0.13025, force_upcast: true }, ...everyForm(STEM)),
  ...network("vae_1_0", KL, `${STEM}.safetensors`),
  ...tokenizer("tokenizer"),
  ...tokenizer("tokenizer_2"),
  "scheduler/scheduler_config.json": JSON.stringify(EULER),
};

/** A repository that holds one autoencoder at its root. */
export const TAESD: Files = {
  ...around,
  "config.json": "{}",
  [`${STEM}.safetensors`]: weights("taesd"),
  "taesd_decoder.safetensors": weights("taesd_decoder"),
};
export const SDXL_VAE: Files = {
  ...around,
  "config.json": JSON.stringify({ ...KL, scaling_factor: 0.13025, force_upcast: false }),
  [`${STEM}.safetensors`]: weights("vae"),
  [`${STEM}.bin`]: weights("vae.bin"),
  "sdxl_vae.safetensors": weights("sdxl_vae"),
};

/** A repository of bare files. */
export function bare(...files: readonly string[]): Files {
  return { ...around, ...Object.fromEntries(files.map((file) => [file, weights(file)])) };
}
