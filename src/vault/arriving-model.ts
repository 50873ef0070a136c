// A model that is open for drawing while its files are still being brought: what has come is read, and whoever reads what has not waits for
// it.
import type { DownloadPlan } from "../common/download";
import { ArrivingFiles } from "./arriving-files";
import { keptFiles } from "./open-kept";
import type { OpenModel } from "./vault";

/**
 * Gives every file of the plan to `arriving`, in any order, and resolves once it has.
 * @returns what is to be let go of when nobody draws with the model any more
 */
export type BringFiles = (arriving: ArrivingFiles, signal: AbortSignal) => Promise<() => Promise<void>>;

/** @param signal ends the bringing; reads of what has not come fail then */
export function arrivingModel(plan: DownloadPlan, bring: BringFiles, signal?: AbortSignal): OpenModel {
  const arriving = new ArrivingFiles(plan);
  const stop = new AbortController();
  const whole = bring(arriving, signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]));
  whole.catch((error: unknown) => arriving.fail(error));
  return {
    ...keptFiles(plan, arriving.files),
    arrived: async () => {
      await whole;
      return arriving.isAsRead;
    },
    release: async () => {
      // Whoever failed of something else waits for no more files. What has come stays in the vault.
      stop.abort();
      const free = await whole.catch(() => undefined);
      await free?.();
      await arriving.close();
    },
  };
}
