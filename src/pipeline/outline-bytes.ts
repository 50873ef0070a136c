// What an outline's two readers share: the files of a tokenizer, and the GPU memory of what is computed.
import type { ByteStore } from "../checkpoints/byte-source";
import { tokenizerFiles, tokenizerPaths } from "../checkpoints/tokenizer-files";

/**
 * Bytes of float16 intermediates for each pixel of the picture, as `npm run bench -- --plan` counts them: 49 MiB for SD's UNet at 512,
 * 186 MiB for SDXL's at 1024; 385 MiB for the large decoder at 512, 98 MiB for the small one.
 */
const DENOISER_BYTES = 196;
const DECODER_BYTES = { large: 1540, small: 391 } as const;

/** @param side pixels on a side of the picture */
export function intermediateBytes(side: number, decoder: keyof typeof DECODER_BYTES, isFloat32 = false): number {
  return side ** 2 * (DENOISER_BYTES + DECODER_BYTES[decoder] * (isFloat32 ? 2 : 1));
}

/** Opens what the tokenizer reads. A download needs the names; what is in them is judged when texts are read. */
export async function openTokenizerFiles(store: ByteStore, folder: string, signal?: AbortSignal): Promise<void> {
  for (const path of tokenizerPaths(await tokenizerFiles(store, folder, signal))) await store.open(path, signal);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
