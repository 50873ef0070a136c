// Refuses a checkpoint whose parts are each valid but do not fit each other, before anything large
// is read. Otherwise a picture would be drawn, and it would be wrong.
import { OnestrokeError } from "../common/errors";
import type { Autoencoder, Denoiser, TextEncoder } from "../networks/roles";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";

/** @throws OnestrokeError `model-unsupported` */
export function checkTokenizer(
  { maxLength, vocabularySize }: Pick<ClipTokenizer, "maxLength" | "vocabularySize">,
  encoder: Pick<TextEncoder, "tokens" | "vocabularySize">,
): void {
  agree(maxLength === encoder.tokens, `the tokenizer makes rows of ${maxLength} tokens, but the text encoder reads ${encoder.tokens}`);
  checkVocabulary(vocabularySize, encoder.vocabularySize);
}

/** @throws OnestrokeError `model-unsupported` when a token has no row in the embedding */
export function checkVocabulary(tokens: number, rows: number): void {
  agree(tokens <= rows, `the tokenizer knows ${tokens} tokens, the text encoder ${rows}`);
}

/** @throws OnestrokeError `model-unsupported` */
export function checkDenoiser(
  { inChannels, outChannels, reads }: Pick<Denoiser, "inChannels" | "outChannels" | "reads">,
  latentChannels: number,
  encoders: readonly Pick<TextEncoder, "channels" | "projection">[],
): void {
  agree(
    inChannels === latentChannels && outChannels === latentChannels,
    `the denoiser maps ${inChannels} to ${outChannels} channels, but the latent has ${latentChannels}`,
  );
  agree(
    (reads.kind === "text") === encoders.length > 0,
    `the denoiser reads a ${reads.kind}, but there are ${encoders.length} text encoders`,
  );
  if (reads.kind !== "text") return;
  // The encoders' states stand side by side. The pooled text is the last encoder's, if it projects one.
  const channels = encoders.reduce((total, encoder) => total + encoder.channels, 0);
  const pooledChannels = encoders.at(-1)?.projection;
  agree(reads.channels === channels, `the denoiser reads ${reads.channels} text channels, but the text encoders give ${channels}`);
  agree(
    reads.pooledChannels === undefined || reads.pooledChannels === pooledChannels,
    `the denoiser reads ${reads.pooledChannels} pooled text channels, but the text encoders give ${pooledChannels ?? "none"}`,
  );
}

/** @throws OnestrokeError `model-unsupported` where a second decoder is none of the autoencoder's latents, or makes no more pixels of them */
export function checkFineDecoder(
  fine: Pick<Autoencoder, "latentChannels" | "factor">,
  { latentChannels, factor }: Pick<Autoencoder, "latentChannels" | "factor">,
): void {
  agree(
    fine.latentChannels === latentChannels,
    `the second decoder reads latents of ${fine.latentChannels} channels, but the autoencoder's have ${latentChannels}`,
  );
  // A picture to draw over is averaged down to what the encoder reads.
  agree(
    fine.factor > factor && fine.factor % factor === 0,
    `the second decoder makes ${fine.factor} pixels of one along a side, which is no larger multiple of the first one's ${factor}`,
  );
}

function agree(condition: boolean, disagreement: string): void {
  if (!condition) throw new OnestrokeError("model-unsupported", disagreement);
}
