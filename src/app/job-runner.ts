// One job at a time: a new one takes the place of what is still being drawn, and from then on what the state says of a job is its own.
import { OnestrokeError } from "../common/errors";
import { otherSide, type AppState, type AppStore, type Job } from "./state";
import { strings } from "./strings";

export interface RunningJob {
  readonly signal: AbortSignal;
  /** Changes what the state says of it, unless another one has taken its place. */
  update(change: (job: Job) => Partial<Job>): void;
  isCurrent(): boolean;
  end(change: Partial<AppState>): void;
}

export interface JobRunner {
  /**
   * @param work ends the job with what the state says then
   * @returns whether it came to its end. If it did not, the state says why
   */
  run(job: Job, work: (running: RunningJob) => Promise<void>): Promise<boolean>;
  cancel(): void;
  /** Whether the last job was cancelled. */
  isCancelled(): boolean;
  /** Whether there has been any. */
  hasBegun(): boolean;
}

export function createJobRunner(store: AppStore): JobRunner {
  let abort: AbortController | undefined;

  return {
    async run(job, work) {
      abort?.abort();
      const mine = new AbortController();
      abort = mine;
      const isCurrent = (): boolean => abort === mine;
      const update: RunningJob["update"] = (change) => {
        const now = store.getState().job;
        if (now !== undefined && isCurrent()) store.setState({ job: { ...now, ...change(now) } });
      };
      store.setState({ job, error: undefined, status: "" });
      let isEnded = false;
      const end = (change: Partial<AppState>): void => {
        isEnded = true;
        store.setState({ job: undefined, ...change });
      };
      try {
        await work({ signal: mine.signal, update, isCurrent, end });
        return isEnded;
      } catch (thrown) {
        if (!isCurrent()) return false;
        const error = OnestrokeError.from(thrown, "worker-died");
        // A comparison ends where its other side did not come.
        store.setState({ job: undefined, isComparing: otherSide(store.getState()) !== undefined });
        store.setState(error.code === "cancelled" ? { status: strings.status.cancelled } : { error });
        return false;
      }
    },
    cancel: () => abort?.abort(),
    isCancelled: () => abort?.signal.aborted === true,
    hasBegun: () => abort !== undefined,
  };
}
