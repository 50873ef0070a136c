// Measures a model's networks one after another, while nobody waits for a picture, and has them compute as was found out.
import type { Device } from "../../engine/device";
import type { Work } from "../work";
import type { Network } from "./network";

/** How long measuring goes on at a time. What is left is measured after another picture. */
const TUNING_MS = 3000;

/**
 * @param networks the one that counts most first
 * @param roomBytes of GPU memory, which measuring may take
 * @throws OnestrokeError `gpu-*`, `cancelled`
 */
export async function tuneNetworks(
  networks: readonly Network[],
  device: Device,
  roomBytes: number,
  work: Work,
  budgetMs = TUNING_MS,
): Promise<void> {
  const now = () => performance.now();
  const until = now() + budgetMs;
  let known = device.tuning;
  for (const network of networks) known = await network.tune({ known, roomBytes, now, until, signal: work.signal });
  if (known !== device.tuning) device.useTuning(known);
  for (const network of networks) {
    work.throwIfCancelled();
    await network.followTuning(work);
  }
}
