// Asks again after a pause that grows, until it works or the patience is at its end. The pause ends early when the network comes back.
import { throwIfCancelled } from "../../common/errors";
import { PassingFault } from "./faults";
import type { Transfer } from "./transfer";

export interface RetryHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: ((reason: "retry" | "offline") => void) | undefined;
  /** Whether anything was gained since the last failure. A line that breaks every minute still brings a file. */
  readonly hasAdvanced: () => boolean;
}

/** @throws OnestrokeError the last fault's, once it is given up, or `cancelled`; whatever else `attempt` throws, at once */
export async function retrying<T>(attempt: () => Promise<T>, transfer: Transfer, hooks: RetryHooks): Promise<T> {
  const { backoffMs } = transfer.times;
  for (let failures = 0; ;) {
    throwIfCancelled(hooks.signal);
    try {
      return await attempt();
    } catch (thrown) {
      if (!(thrown instanceof PassingFault)) throw thrown;
      failures = hooks.hasAdvanced() ? 1 : failures + 1;
      const backoff = backoffMs[failures - 1];
      if (backoff === undefined) throw thrown.error;
      hooks.onWait?.(thrown.error.code === "offline" ? "offline" : "retry");
      // Everybody whom the same fault hit would otherwise come back at the same moment.
      await pause(Math.max(thrown.retryAfterMs, backoff * (0.75 + Math.random() / 2)), transfer, hooks.signal);
    }
  }
}

async function pause(milliseconds: number, { onOnline }: Transfer, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stopListening();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    const stopListening = onOnline(end);
    if (signal?.aborted === true) return end();
    signal?.addEventListener("abort", end, { once: true });
  });
}
