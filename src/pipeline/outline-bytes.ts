// What an outline's two readers share: the files of a tokenizer, and the GPU memory of what is computed.
import type { ByteStore } from "../checkpoints/byte-source";
import { tokenizerFiles, tokenizerPaths } from "../checkpoints/tokenizer-files";

/**
 * Bytes of float16 intermediates for each pixel of the picture where a graph's runtime plans them, as `npm run bench -- --plan` counts our
 * own: 49 MiB for SD's UNet at 512, 321 MiB for the large decoder.
 */
const DENOISER_BYTES = 196;
const DECODER_BYTES = 1284;

/** @param side pixels on a side of the picture */
export function intermediateBytes(side: number): number {
  return side ** 2 * (DENOISER_BYTES + DECODER_BYTES);
}

/** Opens what the tokenizer reads. A download needs the names; what is in them is judged when texts are read. */
export async function openTokenizerFiles(store: ByteStore, folder: string, signal?: AbortSignal): Promise<void> {
  for (const path of tokenizerPaths(await tokenizerFiles(store, folder, signal))) await store.open(path, signal);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
