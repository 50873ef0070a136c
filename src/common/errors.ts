// The one error type of the project, and the codes a user can meet.
// It crosses the worker boundary as plain data (`toWire`) and is rebuilt from it
// (`fromWire`), because structured clone would drop the class, the code and the name.

/** Stable identifiers. Each has one remedy in `REMEDIES`. */
export type ErrorCode = keyof typeof REMEDIES;

/** What the user can do about each failure, in plain words. */
export const REMEDIES = {
  "gpu-unavailable": "Use a browser with WebGPU (Chrome, Edge, Safari 26 or Firefox 141 and later) and switch hardware acceleration on.",
  "gpu-blocked": "Reload the page: the browser has stopped giving it a GPU after repeated crashes.",
  "gpu-lost": "Try again: the GPU was reset and will be opened anew.",
  "gpu-out-of-memory": "Close other tabs that use the GPU, or choose a smaller size.",
  "gpu-unsupported": "Choose a smaller size or a smaller model: this GPU's limits are too low for this one.",
  "gpu-timeout": "Try again with fewer steps or a smaller size.",
  "model-corrupt": "Download the model again: its files are damaged.",
  "model-missing": "Check the model's address: one of its files is not there.",
  "model-unsupported": "Choose another model: this one uses something Onestroke does not know.",
  "download-failed": "Check the connection and try again.",
  "download-stalled": "Check the connection and try again.",
  "download-gated": "Accept the model's licence at its page on the hub, then enter an access token of your account.",
  "storage-full": "Free some room on this device, or remove a model that is not needed.",
  "storage-cleared": "Download the model again: the browser or a person has cleared this page's storage.",
  "busy-elsewhere": "Wait until the other tab has finished, or close it.",
  offline: "Connect to the network and try again.",
  "worker-died": "Try again: the image worker stopped and was started anew.",
  "bad-image": "Try another seed: the model produced no valid picture.",
  cancelled: "Nothing to do: the image was cancelled.",
  "invalid-input": "Correct the value and try again.",
} as const;

export type ErrorDetail = Readonly<Record<string, string | number | boolean>>;

/** An error as it travels between worker and page. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail: ErrorDetail;
  readonly stack: string;
}

/** The longest message is the help text of a command. */
const MOST_CHARACTERS = 4000;

/** Every failure the user can meet. `message` is English, for people and for the log. */
export class OnestrokeError extends Error {
  override readonly name = "OnestrokeError";
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}, cause?: unknown) {
    super(printable(message), cause === undefined ? undefined : { cause });
    this.code = code;
    this.detail = detail;
  }

  /** What the user can do about it: the failure's own detail `remedy` if it has one, else the remedy for its code. */
  get remedy(): string {
    const { remedy } = this.detail;
    return typeof remedy === "string" ? remedy : REMEDIES[this.code];
  }

  toWire(): WireError {
    return { code: this.code, message: this.message, detail: this.detail, stack: this.stack ?? "" };
  }

  static fromWire(wire: WireError): OnestrokeError {
    const error = new OnestrokeError(wire.code, wire.message, wire.detail);
    error.stack = wire.stack;
    return error;
  }

  /** Any thrown value as an `OnestrokeError`; a value of another type gets `code`. */
  static from(thrown: unknown, code: ErrorCode): OnestrokeError {
    if (thrown instanceof OnestrokeError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new OnestrokeError(code, message, {}, thrown);
  }
}

/** Messages quote files from strangers, so control characters, which could steer a terminal, are replaced, and overlong text is cut. */
function printable(message: string): string {
  const text = message.slice(0, MOST_CHARACTERS).replaceAll(/[^\P{Cc}\n\t]/gu, "\ufffd");
  return message.length > MOST_CHARACTERS ? `${text} ...` : text;
}

/** The one way to stop on request. @throws OnestrokeError `cancelled`, whatever reason the caller's signal carries */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new OnestrokeError("cancelled", "the work was cancelled", {}, signal.reason);
}

/** Marks a branch that the types make unreachable. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** A broken assumption inside the project: a bug of ours, never the user's input. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}
