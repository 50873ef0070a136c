// Ctrl+C during a download ends it in order: what has arrived stays, and the next run goes on from there. A second one ends the process.
import { OnestrokeError } from "../../common/errors";

/** @param end called however the work ends @throws OnestrokeError `cancelled` after Ctrl+C; what the work throws */
export async function untilInterrupted<T>(end: () => void, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop);
  try {
    return await work(controller.signal);
  } catch (thrown) {
    if (!controller.signal.aborted) throw thrown;
    const remedy = "What has arrived is kept: the same command goes on from there.";
    throw new OnestrokeError("cancelled", "the download was stopped", { remedy }, thrown);
  } finally {
    process.removeListener("SIGINT", stop);
    end();
  }
}
