// What published checkpoints have in their config.json, where it differs from the
// defaults: full-size networks for tests that count and plan, and allocate nothing.

export const SD21 = { attention_head_dim: [5, 10, 20, 20], cross_attention_dim: 1024, use_linear_projection: true };
export const SDXL = {
  block_out_channels: [320, 640, 1280],
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  attention_head_dim: [5, 10, 20],
  transformer_layers_per_block: [1, 2, 10],
  cross_attention_dim: 2048,
  use_linear_projection: true,
  addition_embed_type: "text_time",
  addition_time_embed_dim: 256,
  projection_class_embeddings_input_dim: 2816,
};
export const SDXS = {
  block_out_channels: [320, 640, 1280],
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  mid_block_type: null,
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  layers_per_block: 1,
  attention_head_dim: 8,
  cross_attention_dim: 768,
};
export const CLIP_L = { hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12, num_hidden_layers: 12 };
export const CLIP_H = {
  model_type: "clip_text_model",
  hidden_size: 1024,
  intermediate_size: 4096,
  num_attention_heads: 16,
  num_hidden_layers: 23,
  hidden_act: "gelu",
};
export const CLIP_G = {
  architectures: ["CLIPTextModelWithProjection"],
  hidden_size: 1280,
  intermediate_size: 5120,
  num_attention_heads: 20,
  num_hidden_layers: 32,
  hidden_act: "gelu",
  projection_dim: 1280,
};
export const KL = {
  block_out_channels: [128, 256, 512, 512],
  layers_per_block: 2,
  down_block_types: Array.from({ length: 4 }, () => "DownEncoderBlock2D"),
  up_block_types: Array.from({ length: 4 }, () => "UpDecoderBlock2D"),
};
export const PAGODA_256 = {
  input_size: 64,
  output_size: 256,
  model_channels: 192,
  encoder_channel_mult: [1, 2, 3, 4],
  decoder_channel_mult: [1, 1, 1, 2, 3, 4],
  attention_resolutions: [2, 4, 8],
};
