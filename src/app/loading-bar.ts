// How far the loading of a model has come, as one number that only grows. Fetching, reading and compiling report for themselves, each part of
// the model anew, and they overlap; people want to know how much of the whole is done.
import type { Progress } from "../common/progress";

/** Shares of the whole, for a model that has to be fetched and for one that is here. They are about what each takes on a usual line. */
const FETCHING = { fetch: 0.6, read: 0.2, compile: 0.2 } as const;
const HERE = { fetch: 0, read: 0.4, compile: 0.6 } as const;

/** What is fetched from the network. All else is read from this device. */
const FETCHED: ReadonlySet<string> = new Set(["files", "onnxruntime"]);

interface Part {
  readonly done: number;
  readonly total: number;
}

interface Shown {
  /** What is waited for: the network, as long as something is missing, whatever is read and compiled meanwhile. */
  readonly progress: Progress;
  /** What is done of the whole, from 0 to 1. */
  readonly share: number;
}

/** @returns takes each report, and says what is shown then */
export function createLoadingBar(): (progress: Progress) => Shown {
  const fetched = new Map<string, Part>();
  const compiled = new Map<string, Part>();
  let read = 0;
  /** How much was read of the parts whose pipelines have been counted. */
  let counted = 0;
  let isFetching = false;
  let fetching: Progress | undefined;
  let shown = 0;
  return (progress) => {
    if (progress.stage === "load" && FETCHED.has(progress.component)) {
      // What is whole at the first word was here before.
      const isMissing = progress.loadedBytes < progress.totalBytes;
      isFetching ||= isMissing;
      fetching = isMissing ? progress : undefined;
      fetched.set(progress.component, { done: progress.loadedBytes, total: progress.totalBytes });
    } else if (progress.stage === "load") {
      read = Math.max(read, share({ done: progress.loadedBytes, total: progress.totalBytes }));
    } else if (progress.stage === "compile") {
      compiled.set(progress.component, { done: progress.pipelines, total: progress.totalPipelines });
      counted = read;
    }
    const weights = isFetching ? FETCHING : HERE;
    // Other parts have pipelines that nobody has counted: about as many for each byte.
    const compiling = share(sum(compiled.values())) * counted;
    const whole = weights.fetch * share(sum(fetched.values())) + weights.read * read + weights.compile * compiling;
    shown = Math.max(shown, Math.min(1, whole));
    return { progress: fetching ?? progress, share: shown };
  };
}

const share = ({ done, total }: Part): number => (total > 0 ? done / total : 0);

function sum(parts: Iterable<Part>): Part {
  let [done, total] = [0, 0];
  for (const part of parts) {
    done += part.done;
    total += part.total;
  }
  return { done, total };
}
