// How files are asked for: what every request needs, and how long anything is waited for. Nothing below this folder knows where the bytes
// are kept, so that a cache folder on a disk can be filled by the same code as a browser's storage.

export interface TransferTimes {
  /** Without a byte for so long, an attempt is given up. */
  readonly stallMs: number;
  /** The pauses after the first failure in a row, after the second, and so on. After the last one the address is given up. */
  readonly backoffMs: readonly number[];
  /** The longest that a server can make us wait by `Retry-After`. */
  readonly mostRetryAfterMs: number;
  /** How long each of several mirrors has to answer when the first one that works is looked for. */
  readonly probeMs: number;
}

export const TRANSFER_TIMES: TransferTimes = {
  stallMs: 20_000,
  backoffMs: [1_000, 2_000, 4_000, 8_000, 16_000],
  mostRetryAfterMs: 5 * 60_000,
  probeMs: 5_000,
};

export interface Transfer {
  readonly fetcher: typeof fetch;
  /** Headers for one address, such as a bearer token for its origin. A redirect to another origin does not get them. */
  readonly headersFor: (url: string) => Readonly<Record<string, string>>;
  readonly times: TransferTimes;
  /** Ranges in flight at once. */
  readonly lanes: number;
  readonly isOffline: () => boolean;
  /** Calls back when the network is there again, until the function that it returns is called. */
  readonly onOnline: (listener: () => void) => () => void;
}

export function createTransfer(options: Partial<Transfer> = {}): Transfer {
  return {
    fetcher: (input, init) => fetch(input, init),
    headersFor: () => ({}),
    times: TRANSFER_TIMES,
    lanes: 4,
    isOffline: () => typeof navigator === "object" && navigator.onLine === false,
    onOnline: (listener) => {
      const target: Partial<EventTarget> = globalThis;
      target.addEventListener?.("online", listener);
      return () => target.removeEventListener?.("online", listener);
    },
    ...options,
  };
}
