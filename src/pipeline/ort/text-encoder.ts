// The exported text encoder with its tokenizer: it turns a row of token ids into its last hidden states.
import { TEXT_STATES } from "../../ort/choose-output";
import type { OrtRuntime } from "../../ort/session/runtime";
import { valuesOf } from "../../ort/session/tensors";
import { openClipTokenizer, type ClipTokenizer } from "../../tokenizer/clip-tokenizer";
import { checkVocabulary } from "../check-parts";
import type { TextEncoder, TextRow } from "../engine";
import type { Work } from "../work";
import type { OnnxCheckpoint } from "./checkpoint";
import { OnnxNetwork } from "./network";

export class OnnxTextEncoder implements TextEncoder {
  readonly network: OnnxNetwork;
  readonly tokenizer: ClipTokenizer;

  private constructor(network: OnnxNetwork, tokenizer: ClipTokenizer) {
    this.network = network;
    this.tokenizer = tokenizer;
  }

  static async open({ store, textEncoder, words }: OnnxCheckpoint, runtime: OrtRuntime, signal?: AbortSignal): Promise<OnnxTextEncoder> {
    const network = new OnnxNetwork({ name: "text_encoder", runtime, file: textEncoder, outputs: "cpu" });
    const tokenizer = await openClipTokenizer(store, "tokenizer", signal);
    if (words !== undefined) checkVocabulary(tokenizer.vocabularySize, words);
    return new OnnxTextEncoder(network, tokenizer);
  }

  /** @throws OnestrokeError as `OnnxNetwork.session` and `OrtSession.run` */
  async encode(ids: Int32Array, work: Work): Promise<TextRow> {
    const session = await this.network.session(work);
    const states = await this.network.runFor(TEXT_STATES, session, { input_ids: { values: ids, shape: [1, ids.length] } }, work.signal);
    return { hidden: Float32Array.from(valuesOf(states)), channels: states.dims.at(-1) ?? 0 };
  }
}
