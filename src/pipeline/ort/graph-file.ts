// Where a network's graph is in its folder of an export: stores cannot be listed, so by the names
// that exporters give it. Nothing of ONNX Runtime is needed to look.
import type { ByteStore } from "../../checkpoints/byte-source";
import { firstExisting } from "../../checkpoints/read-file";

/** optimum's, and that of graphs whose layer norms were fused (microsoft/sd-turbo-webnn). */
const NAMES = ["model.onnx", "model_layernorm.onnx"] as const;

/** @returns its path in the store, or undefined where the network is not exported */
export function graphFile(store: ByteStore, folder: string, signal?: AbortSignal): Promise<string | undefined> {
  return firstExisting(
    store,
    NAMES.map((name) => `${folder}/${name}`),
    signal,
  );
}
