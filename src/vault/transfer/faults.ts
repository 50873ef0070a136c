// What can go wrong between here and a server, sorted by what to do about it: wait and ask again, ask another mirror, or stop.
import { OnestrokeError, type ErrorCode, type ErrorDetail } from "../../common/errors";

/** It may pass: the same address is asked again after a pause. */
export class PassingFault extends Error {
  readonly error: OnestrokeError;
  /** What the server asked for. */
  readonly retryAfterMs: number;

  constructor(error: OnestrokeError, retryAfterMs = 0) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The address will not give the file, however often it is asked. Another mirror may. */
export class LastingFault extends Error {
  readonly error: OnestrokeError;

  constructor(error: OnestrokeError) {
    super(error.message, { cause: error });
    this.error = error;
  }
}

/** The server does not send the range that was asked for, so the file has to be fetched whole. */
export class NoRanges extends Error {}

/** An address as it may be shown: the query of a signed one carries secrets. */
export function shownAddress(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** @param problem follows the address, as in "answered 500" */
export function transferError(code: ErrorCode, url: string, problem: string, detail: ErrorDetail = {}, cause?: unknown): OnestrokeError {
  const file = shownAddress(url);
  return new OnestrokeError(code, `${file} ${problem}`, { file, ...detail }, cause);
}

const LOGIN_REMEDY =
  "Check the model's address. If this network wants a login before it lets anybody out, log in with the browser, then try again.";

/** What an answer's status and type mean; undefined where it is the bytes that were asked for. */
export function faultOf(url: string, response: Response, mostRetryAfterMs: number): PassingFault | LastingFault | undefined {
  const { status, headers } = response;
  const isPage = headers.get("content-type")?.startsWith("text/html") === true && !/\.html?$/.test(new URL(url).pathname);
  if (status === 200 || status === 206) {
    return isPage
      ? new LastingFault(transferError("model-missing", url, "answered with a web page", { status, remedy: LOGIN_REMEDY }))
      : undefined;
  }
  const problem = `answered ${status}`;
  if (status === 401 || status === 403) return new LastingFault(transferError("download-gated", url, problem, { status }));
  if (status === 404 || status === 410) return new LastingFault(transferError("model-missing", url, problem, { status }));
  const error = transferError("download-failed", url, problem, { status });
  if (status === 408 || status === 429 || status >= 500) return new PassingFault(error, retryAfterMs(headers, mostRetryAfterMs));
  return new LastingFault(error);
}

/** `Retry-After` is a number of seconds, or a date. */
function retryAfterMs(headers: Headers, most: number): number {
  const text = headers.get("retry-after");
  if (text === null) return 0;
  const wait = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, 0), most);
}

/** What a fetch threw that nobody cancelled. A refusal for lack of CORS headers looks like a broken line, so both are named. */
export function networkFault(url: string, cause: unknown, isOffline: boolean): PassingFault {
  if (isOffline) return new PassingFault(transferError("offline", url, "cannot be reached: there is no network", {}, cause));
  const { host } = new URL(url);
  const problem = `could not be read: the connection to ${host} broke, or ${host} lets no other site read its files`;
  return new PassingFault(transferError("download-failed", url, problem, { host }, cause));
}
