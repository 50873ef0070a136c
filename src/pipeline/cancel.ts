// One way to stop: the caller's signal becomes the error with the code `cancelled`.
import { OnestrokeError } from "../errors";

/** @throws OnestrokeError `cancelled` */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new OnestrokeError("cancelled", "the image was cancelled");
}
