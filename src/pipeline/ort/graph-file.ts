// Finds a network's graph in its folder of an export. Stores cannot be listed, so it tries the names
// that exporters use. This needs nothing from ONNX Runtime.
import type { ByteStore } from "../../checkpoints/byte-source";
import { firstExisting } from "../../checkpoints/read-file";

/** optimum's name, and the name of graphs whose layer norms were fused (microsoft/sd-turbo-webnn). */
const NAMES = ["model.onnx", "model_layernorm.onnx"] as const;

/** @returns the graph's path in the store, or undefined where the network is not exported */
export function graphFile(store: ByteStore, folder: string, signal?: AbortSignal): Promise<string | undefined> {
  return firstExisting(
    store,
    NAMES.map((name) => `${folder}/${name}`),
    signal,
  );
}
