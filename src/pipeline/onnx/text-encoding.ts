// Prompts to what an exported denoiser reads: token ids, the encoder, and the last few results.
import { TEXT_STATES } from "../../ort/choose-output";
import type { OrtRuntime } from "../../ort/session/runtime";
import { valuesOf } from "../../ort/session/tensors";
import { openClipTokenizer, type ClipTokenizer } from "../../tokenizer/clip-tokenizer";
import type { ImageRequest, TextTokens } from "../request";
import { checkVocabulary } from "../check-parts";
import { textTokens } from "../text-tokens";
import type { OnnxCheckpoint } from "./checkpoint";
import { OnnxNetwork, type Feed } from "./network";

const KEPT_TEXTS = 16;

export class OnnxTextEncoding {
  readonly network: OnnxNetwork;
  readonly #tokenizer: ClipTokenizer;
  readonly #maxRows: number;
  readonly #kept = new Map<string, Feed>();

  private constructor(network: OnnxNetwork, tokenizer: ClipTokenizer, maxRows: number) {
    this.network = network;
    this.#tokenizer = tokenizer;
    this.#maxRows = maxRows;
  }

  /** @param maxRows encoder lengths a prompt may fill; the rest is cut */
  static async open(
    { store, textEncoder, words }: OnnxCheckpoint,
    runtime: OrtRuntime,
    maxRows: number,
    signal?: AbortSignal,
  ): Promise<OnnxTextEncoding> {
    const network = new OnnxNetwork({ runtime, file: textEncoder, outputs: "cpu" });
    const tokenizer = await openClipTokenizer(store, "tokenizer", signal);
    if (words !== undefined) checkVocabulary(tokenizer.vocabularySize, words);
    return new OnnxTextEncoding(network, tokenizer, maxRows);
  }

  /** How long the request's texts are. */
  tokens(request: ImageRequest): TextTokens {
    return textTokens([this.#tokenizer], this.#maxRows, request);
  }

  /** Last hidden states `[1, tokens, channels]`, of long prompts row after row. */
  async encode(text: string, signal?: AbortSignal): Promise<Feed> {
    const known = this.#kept.get(text);
    if (known) return known;
    const session = await this.network.session({ signal });
    const rows: Float32Array[] = [];
    let [tokens, channels] = [0, 0];
    for (const ids of this.#tokenizer.encodeLong(text, this.#maxRows)) {
      const states = await this.network.runFor(TEXT_STATES, session, { input_ids: { values: ids, shape: [1, ids.length] } }, signal);
      rows.push(valuesOf(states));
      tokens += states.dims[1] ?? 0;
      channels = states.dims[2] ?? 0;
    }
    const encoded = { values: Float32Array.from(rows.flatMap((row) => [...row])), shape: [1, tokens, channels] };
    this.#kept.set(text, encoded);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_TEXTS && oldest !== undefined) this.#kept.delete(oldest);
    return encoded;
  }
}
