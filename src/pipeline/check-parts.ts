// Refuses a checkpoint whose parts are each in order and do not fit each other, before anything large
// is read: a picture would be drawn, and be wrong.
import { OnestrokeError } from "../common/errors";
import type { ClipTextConfig } from "../networks/clip-text";
import type { UnetConfig } from "../networks/unet-config";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";

/** What the text encoders give together. */
export interface TextChannels {
  readonly channels: number;
  readonly pooledChannels: number | undefined;
}

/** @throws OnestrokeError `model-unsupported` */
export function checkTokenizer(
  { maxLength, vocabularySize }: Pick<ClipTokenizer, "maxLength" | "vocabularySize">,
  encoder: Pick<ClipTextConfig, "tokens" | "vocabularySize">,
): void {
  agree(maxLength === encoder.tokens, `the tokenizer makes rows of ${maxLength} tokens, the text encoder reads ${encoder.tokens}`);
  checkVocabulary(vocabularySize, encoder.vocabularySize);
}

/** @throws OnestrokeError `model-unsupported` when a token has no row in the embedding */
export function checkVocabulary(tokens: number, rows: number): void {
  agree(tokens <= rows, `the tokenizer knows ${tokens} tokens, the text encoder ${rows}`);
}

/** @throws OnestrokeError `model-unsupported` */
export function checkChannels(
  { inChannels, outChannels, textChannels, added }: Pick<UnetConfig, "inChannels" | "outChannels" | "textChannels" | "added">,
  latentChannels: number,
  text: TextChannels,
): void {
  agree(
    inChannels === latentChannels && outChannels === latentChannels,
    `the denoiser maps ${inChannels} to ${outChannels} channels, the latent has ${latentChannels}`,
  );
  agree(textChannels === text.channels, `the denoiser reads ${textChannels} text channels, the text encoders give ${text.channels}`);
  agree(
    added === undefined || added.pooledChannels === text.pooledChannels,
    `the denoiser reads ${added?.pooledChannels} pooled text channels, the text encoders give ${text.pooledChannels ?? "none"}`,
  );
}

function agree(condition: boolean, disagreement: string): void {
  if (!condition) throw new OnestrokeError("model-unsupported", disagreement);
}
