// Prompts to what the denoiser reads: token ids, one or two CLIP encoders, and the last
// few results, kept on the host so that going back to a prompt (or losing the GPU) costs
// nothing. SD takes the last hidden state; SDXL both penultimate states side by side and
// the second encoder's projected embedding.
import { component, openComponent, type Manifest } from "../checkpoints/manifest";
import type { Device } from "../engine/device";
import { runPlan } from "../engine/run";
import type { NumberFormat } from "../engine/tensor";
import { CLIP_TEXT_UNUSED, clipText, parseClipTextConfig, type ClipTextConfig } from "../networks/clip-text";
import { openClipTokenizer, type ClipTokenizer } from "../tokenizer/clip-tokenizer";
import { pooledPosition } from "../tokenizer/pooled-position";
import { checkTokenizer } from "./check-parts";
import { Network, type NetworkHooks } from "./network";
import type { ImageRequest, TextTokens } from "./request";
import { textTokens } from "./text-tokens";

/** One text, encoded. */
export interface EncodedText {
  /** `[tokens, channels]`; tokens is a multiple of an encoder's length. */
  readonly hidden: Float32Array;
  readonly tokens: number;
  /** SDXL: the projected embedding of the first 77 tokens, `[channels]`. */
  readonly pooled: Float32Array | undefined;
}

const KEPT_TEXTS = 16;

interface Encoder {
  readonly config: ClipTextConfig;
  readonly tokenizer: ClipTokenizer;
  readonly network: Network;
}

export interface TextEncodingOptions {
  readonly format: NumberFormat;
  /**
   * Encoder lengths a prompt may fill. Published pipelines read one and cut the rest; each
   * further one is encoded by itself and its tokens follow.
   */
  readonly maxRows: number;
}

export class TextEncoding {
  readonly #encoders: readonly Encoder[];
  readonly #maxRows: number;
  readonly #kept = new Map<string, EncodedText>();

  private constructor(encoders: readonly Encoder[], maxRows: number) {
    this.#encoders = encoders;
    this.#maxRows = maxRows;
  }

  static async open(manifest: Manifest, device: Device, options: TextEncodingOptions, signal?: AbortSignal): Promise<TextEncoding> {
    const { format, maxRows } = options;
    const names = manifest.pipeline === "stable-diffusion-xl" ? (["", "_2"] as const) : ([""] as const);
    const encoders = names.map(async (suffix): Promise<Encoder> => {
      const weights = component(manifest, `text_encoder${suffix}`);
      const { store, folder } = component(manifest, `tokenizer${suffix}`);
      const config = parseClipTextConfig(weights.config);
      const tokenizer = await openClipTokenizer(store, folder, signal);
      checkTokenizer(tokenizer, config);
      return {
        config,
        tokenizer,
        network: new Network(device, {
          name: `text_encoder${suffix}`,
          format,
          open: (readSignal) => openComponent(weights, readSignal),
          unused: CLIP_TEXT_UNUSED,
        }),
      };
    });
    return new TextEncoding(await Promise.all(encoders), maxRows);
  }

  get networks(): readonly Network[] {
    return this.#encoders.map(({ network }) => network);
  }

  /** Of the hidden states, side by side. */
  get channels(): number {
    return this.#encoders.reduce((total, { config }) => total + config.channels, 0);
  }

  /** Of the pooled state: the last encoder's, where it projects one. */
  get pooledChannels(): number | undefined {
    return this.#encoders.at(-1)?.config.projection;
  }

  /** Tokens of one encoder row: the text capacity of an ordinary prompt. */
  get rowTokens(): number {
    return Math.max(...this.#encoders.map(({ config }) => config.tokens));
  }

  /** How long the request's texts are. */
  tokens(request: ImageRequest): TextTokens {
    return textTokens(
      this.#encoders.map(({ tokenizer }) => tokenizer),
      this.#maxRows,
      request,
    );
  }

  /** Whether `encode` needs no GPU for this text. */
  knows(text: string): boolean {
    return this.#kept.has(text);
  }

  /** Uploads the weights and compiles the plans ahead of the first prompt. */
  async prepare(hooks: NetworkHooks): Promise<void> {
    for (const encoder of this.#encoders) await this.#plan(encoder, hooks);
  }

  /** @throws OnestrokeError as `Network.plan` and `runPlan` */
  async encode(text: string, hooks: NetworkHooks): Promise<EncodedText> {
    const known = this.#kept.get(text);
    if (known) return known;
    const rows = Math.max(...this.#encoders.map(({ tokenizer }) => tokenizer.encodeLong(text, this.#maxRows).length));
    const parts: EncodedText[] = [];
    for (const encoder of this.#encoders) parts.push(await this.#encodeWith(encoder, text, rows, hooks));
    const encoded = sideBySide(parts);
    this.#kept.set(text, encoded);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_TEXTS && oldest !== undefined) this.#kept.delete(oldest);
    return encoded;
  }

  #plan({ network, config }: Encoder, hooks: NetworkHooks) {
    const penultimate = this.#encoders.length > 1;
    return network.plan(
      "text",
      (g) => {
        const text = clipText(g, config, { batch: 1 });
        g.output("hidden", penultimate ? text.penultimate : text.lastHiddenState);
        if (text.textEmbeds) g.output("pooled", text.textEmbeds);
      },
      hooks,
    );
  }

  async #encodeWith(encoder: Encoder, text: string, rows: number, hooks: NetworkHooks): Promise<EncodedText> {
    const { config, tokenizer } = encoder;
    const plan = await this.#plan(encoder, hooks);
    const hidden = new Float32Array(rows * config.tokens * config.channels);
    const idRows = tokenizer.encodeLong(text, rows);
    let pooled: Float32Array | undefined;
    for (let row = 0; row < rows; row++) {
      // Where the other tokenizer needs more rows than this one, the rest is an empty text.
      const ids = idRows[row] ?? tokenizer.encode("");
      plan.write("ids", Uint32Array.from(ids));
      plan.write("pooled_row", Uint32Array.of(pooledPosition(ids, config.endToken)));
      await runPlan(plan, hooks.signal);
      hidden.set(await plan.read("hidden"), row * config.tokens * config.channels);
      if (row === 0 && config.projection !== undefined) pooled = Float32Array.from(await plan.read("pooled"));
    }
    return { hidden, tokens: rows * config.tokens, pooled };
  }
}

/** Concatenates hidden states along channels; the last encoder's pooled state counts. */
function sideBySide(parts: readonly EncodedText[]): EncodedText {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const tokens = first?.tokens ?? 0;
  const widths = parts.map(({ hidden }) => hidden.length / tokens);
  const channels = widths.reduce((total, width) => total + width, 0);
  const hidden = new Float32Array(tokens * channels);
  let offset = 0;
  parts.forEach((part, index) => {
    const width = widths[index] ?? 0;
    for (let token = 0; token < tokens; token++) {
      hidden.set(part.hidden.subarray(token * width, (token + 1) * width), token * channels + offset);
    }
    offset += width;
  });
  return { hidden, tokens, pooled: parts.at(-1)?.pooled };
}
