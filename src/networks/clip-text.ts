// CLIP's text encoder: a causal transformer over 77 tokens (Radford et al., arXiv 2103.00020),
// as transformers' CLIPTextModel and CLIPTextModelWithProjection publish it. SD1.x uses its last
// state (quick-GELU), SD2.x the last state of a larger one, SDXL two penultimate states and a projection.
import type { GraphBuilder } from "../engine/graph-builder";
import type { Activation } from "../engine/ops";
import type { Tensor } from "../engine/tensor";
import { ConfigReader, RANGES } from "./config";
import { pooledPosition } from "./pooled-position";
import type { TextEncoder, TextStates } from "./roles";

export interface ClipTextConfig {
  readonly vocabularySize: number;
  /** Tokens of a prompt, padding included. */
  readonly tokens: number;
  readonly channels: number;
  readonly hiddenChannels: number;
  readonly layers: number;
  readonly heads: number;
  readonly activation: Activation;
  readonly epsilon: number;
  /** Channels of `text_embeds`; `undefined` for a model without a projection. */
  readonly projection: number | undefined;
  /** The configured id; `pooledPosition` finds its place in a row of tokens. */
  readonly endToken: number;
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function parseClipTextConfig(json: unknown): ClipTextConfig {
  const config = new ConfigReader(json, "CLIP text encoder");
  config.only("model_type", "clip_text_model");
  const architecture = config.has("architectures")
    ? config.names("architectures", ["CLIPTextModel", "CLIPTextModelWithProjection"])[0]
    : "CLIPTextModel";
  const channels = config.size("hidden_size", RANGES.channels, 512);
  const heads = config.size("num_attention_heads", RANGES.heads, 8);
  if (channels % heads !== 0) config.refuse("num_attention_heads", `must divide hidden_size ${channels}`);
  return {
    vocabularySize: config.size("vocab_size", RANGES.rows, 49_408),
    tokens: config.size("max_position_embeddings", RANGES.tokens, 77),
    channels,
    hiddenChannels: config.size("intermediate_size", RANGES.channels, 2048),
    layers: config.size("num_hidden_layers", RANGES.layers, 12),
    heads,
    activation: config.choice<Activation>("hidden_act", { quick_gelu: "quick-gelu", gelu: "gelu" }, "quick_gelu"),
    epsilon: config.optionalNumber("layer_norm_eps", RANGES.epsilon) ?? 1e-5,
    projection: architecture === "CLIPTextModelWithProjection" ? config.size("projection_dim", RANGES.channels, 512) : undefined,
    endToken: config.size("eos_token_id", [0, RANGES.rows[1]], 49_407),
  };
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function clipTextEncoder(json: unknown): TextEncoder {
  const config = parseClipTextConfig(json);
  const { vocabularySize, tokens, channels, projection, endToken } = config;
  return {
    vocabularySize,
    tokens,
    channels,
    projection,
    unused: CLIP_TEXT_UNUSED,
    build: (g, shape) => clipText(g, config, shape),
    inputs: (ids) => {
      const rows = Array.from({ length: ids.length / tokens }, (_, row) => ids.subarray(row * tokens, (row + 1) * tokens));
      return { ids: Uint32Array.from(ids), pooled_row: Uint32Array.from(rows, (row) => pooledPosition(row, endToken)) };
    },
  };
}

/** Checkpoint tensors that the graph may leave unread. */
export const CLIP_TEXT_UNUSED: readonly RegExp[] = [/\.position_ids$/, /^text_projection\.weight$/, /^logit_scale$/];

/**
 * Inputs: `ids` u32 [batch, tokens]; `pooled_row` u32 [1, batch], the end token's place.
 * @returns the last state after the final norm, and the penultimate one, which is not normalised (`hidden_states[-2]`)
 */
export function clipText(g: GraphBuilder, config: ClipTextConfig, { batch }: { readonly batch: number }): TextStates {
  const { tokens, channels, epsilon } = config;
  const ids = g.input("ids", [batch, tokens], "prompt", "u32");
  const row = g.input("pooled_row", [1, batch], "prompt", "u32");
  let x = g.embedding(
    ids,
    { key: "text_model.embeddings.token_embedding.weight", shape: [config.vocabularySize, channels] },
    { key: "text_model.embeddings.position_embedding.weight", shape: [tokens, channels] },
  );
  let penultimate = x;
  for (let layer = 0; layer < config.layers; layer++) {
    penultimate = x;
    x = encoderLayer(g, x, `text_model.encoder.layers.${layer}`, config);
  }
  const lastHiddenState = g.layerNorm(x, "text_model.final_layer_norm", { epsilon });
  const pooled = g.gatherRow(lastHiddenState, row);
  const textEmbeds =
    config.projection === undefined ? undefined : g.linear(pooled, "text_projection", { outputs: config.projection, bias: false });
  return { lastHiddenState, penultimate, pooled, textEmbeds };
}

function encoderLayer(g: GraphBuilder, x: Tensor, name: string, config: ClipTextConfig): Tensor {
  const { channels, heads, epsilon } = config;
  const normed = g.layerNorm(x, `${name}.layer_norm1`, { epsilon });
  const q = g.linear(normed, `${name}.self_attn.q_proj`, { outputs: channels });
  const k = g.linear(normed, `${name}.self_attn.k_proj`, { outputs: channels });
  const v = g.linear(normed, `${name}.self_attn.v_proj`, { outputs: channels });
  const attended = g.attention(q, k, v, { heads, headSize: channels / heads, causal: true });
  const afterAttention = g.addTensors(g.linear(attended, `${name}.self_attn.out_proj`, { outputs: channels }), x);
  const normedAgain = g.layerNorm(afterAttention, `${name}.layer_norm2`, { epsilon });
  const hidden = g.activate(g.linear(normedAgain, `${name}.mlp.fc1`, { outputs: config.hiddenChannels }), config.activation);
  return g.addTensors(g.linear(hidden, `${name}.mlp.fc2`, { outputs: channels }), afterAttention);
}
