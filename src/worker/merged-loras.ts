// Whether a LoRA's file is the one that is merged into the loaded model, though it comes as another object: its bytes say.
import { memoryStore } from "../checkpoints/memory-source";
import type { HandedLora } from "../common/download";
import { revisionOfHash } from "../common/model-revision";
import type { RecipeLora } from "../common/recipe-lora";
import { hashOf } from "../vault/digest";

/** The first digits of its SHA-256, as recipes say them. @throws OnestrokeError as `ByteSource.read` */
export async function loraHash({ name, file }: { readonly name: string; readonly file: Blob }, signal?: AbortSignal): Promise<string> {
  const path = `${name}.safetensors`;
  return revisionOfHash(await hashOf(await memoryStore("the opened files", new Map([[path, file]])).open(path), signal));
}

/**
 * Whether these are the files of the LoRAs that are merged, in their order. It reads them.
 * @param merged as the loaded model's facts say them
 */
export async function areMerged(loras: readonly HandedLora[], merged: readonly RecipeLora[] = [], signal?: AbortSignal): Promise<boolean> {
  if (loras.length !== merged.length) return false;
  for (const [index, { name, file }] of loras.entries()) {
    const known = merged[index];
    if (file === undefined || known?.hash === undefined || known.name !== name) return false;
    if ((await loraHash({ name, file }, signal)) !== known.hash) return false;
  }
  return true;
}
