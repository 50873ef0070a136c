// Who may do what beside whom, in every tab of the site. The browser's Web Locks free what a dead tab held. Where a browser denies them it
// denies storage too, so then nobody else can be in the way, and locks in memory do.
import { OnestrokeError, throwIfCancelled } from "../common/errors";

export type LockMode = "exclusive" | "shared";

export interface LockHooks {
  readonly signal?: AbortSignal | undefined;
  /** Called if the lock is not free at once. */
  readonly onWait?: (() => void) | undefined;
}

export interface Locks {
  /** Runs `work` while the lock is held. @throws OnestrokeError `cancelled` while it waits */
  hold<T>(name: string, mode: LockMode, work: () => Promise<T>, hooks?: LockHooks): Promise<T>;
  /** The same, but undefined where the lock is not free at once. */
  tryHold<T>(name: string, mode: LockMode, work: () => Promise<T>): Promise<{ readonly value: T } | undefined>;
}

export function webLocks(manager: LockManager, prefix: string): Locks {
  async function tryHold<T>(name: string, mode: LockMode, work: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    return manager.request(prefix + name, { mode, ifAvailable: true }, async (lock) =>
      lock === null ? undefined : { value: await work() },
    );
  }
  return {
    tryHold,
    hold: async (name, mode, work, { signal, onWait } = {}) => {
      throwIfCancelled(signal);
      const held = await tryHold(name, mode, work);
      if (held !== undefined) return held.value;
      onWait?.();
      let isHeld = false;
      try {
        return await manager.request(prefix + name, { mode, ...(signal === undefined ? {} : { signal }) }, () => {
          isHeld = true;
          return work();
        });
      } catch (thrown) {
        if (!isHeld) throwIfCancelled(signal);
        throw thrown;
      }
    },
  };
}

interface Waiter {
  readonly mode: LockMode;
  readonly grant: () => void;
}

/** Locks of one vault in one worker. */
export function memoryLocks(): Locks {
  const holders = new Map<string, { mode: LockMode; count: number }>();
  const queues = new Map<string, Waiter[]>();

  const isFree = (name: string, mode: LockMode): boolean => {
    const held = holders.get(name);
    return held === undefined || (mode === "shared" && held.mode === "shared");
  };
  const take = (name: string, mode: LockMode): void => {
    const held = holders.get(name);
    if (held === undefined) holders.set(name, { mode, count: 1 });
    else held.count++;
  };
  const release = (name: string): void => {
    const held = holders.get(name);
    if (held !== undefined && --held.count === 0) holders.delete(name);
    const queue = queues.get(name) ?? [];
    for (let next = queue[0]; next !== undefined && isFree(name, next.mode); next = queue[0]) {
      queue.shift();
      take(name, next.mode);
      next.grant();
    }
  };
  const run = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } finally {
      release(name);
    }
  };

  return {
    tryHold: async (name, mode, work) => {
      if (!isFree(name, mode) || (queues.get(name)?.length ?? 0) > 0) return undefined;
      take(name, mode);
      return { value: await run(name, work) };
    },
    hold: async (name, mode, work, { signal, onWait } = {}) => {
      throwIfCancelled(signal);
      const queue = queues.get(name) ?? [];
      queues.set(name, queue);
      if (isFree(name, mode) && queue.length === 0) take(name, mode);
      else {
        onWait?.();
        await new Promise<void>((resolve, reject) => {
          const waiter: Waiter = { mode, grant: resolve };
          queue.push(waiter);
          signal?.addEventListener("abort", () => {
            const place = queue.indexOf(waiter);
            if (place < 0) return;
            queue.splice(place, 1);
            reject(new OnestrokeError("cancelled", "the work was cancelled", {}, signal.reason));
          });
        });
      }
      return run(name, work);
    },
  };
}

/** Takes a shared lock that is held until the returned function is called. */
export async function holdUntilFreed(locks: Locks, name: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const held: Promise<void> = locks.hold(name, "shared", () => new Promise<void>((free) => resolve(() => (free(), held))));
    held.catch(reject);
  });
}
