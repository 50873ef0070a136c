// Answers of a hub's API as hostile input: how long they may be, that they are JSON, and what a refusal means for a person.
import { OnestrokeError, throwIfCancelled } from "../common/errors";
import { parseJson } from "../common/parse-json";

export interface Asked {
  readonly fetcher: typeof fetch;
  /** Address of the repository's own page, where a licence is accepted. */
  readonly page: string;
  /** The repository as people call it. */
  readonly name: string;
  readonly hasToken: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The listing of a repository with a thousand files has some 300 KB. */
const MOST_BYTES = 16 * 2 ** 20;

/** An API answers in a second; a minute without an end means that nobody will. */
const TIMEOUT_MS = 60_000;

const NOT_A_HUB = "Check the hub's address: what answered there is not a model hub. In a hotel or on a train, log in to its network first.";

/** @throws OnestrokeError as `refusal`, and `download-failed`, `download-stalled`, `offline`, `cancelled` */
export async function jsonAnswer(url: URL, asked: Asked): Promise<{ readonly value: unknown; readonly headers: Headers }> {
  // A browser's `fetch` must not be called as the method of another object.
  const { fetcher } = asked;
  const late = AbortSignal.timeout(TIMEOUT_MS);
  const signal = asked.signal === undefined ? late : AbortSignal.any([asked.signal, late]);
  try {
    const response = await fetcher(url, { headers: { Accept: "application/json" }, signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(response, asked);
    }
    const text = await boundedText(response, url);
    return { value: jsonOf(text, url), headers: response.headers };
  } catch (thrown) {
    throwIfCancelled(asked.signal);
    if (thrown instanceof OnestrokeError) throw thrown;
    if (late.aborted) throw new OnestrokeError("download-stalled", `${url.host} does not answer`, { host: url.host }, thrown);
    const isOffline = typeof navigator === "object" && navigator.onLine === false;
    throw new OnestrokeError(isOffline ? "offline" : "download-failed", `${url.host} cannot be reached`, { host: url.host }, thrown);
  }
}

/**
 * What a hub's refusal means. The hub answers 401 for repositories that do not exist, so that nobody can find out which private ones do.
 */
export function refusal({ status, headers }: Pick<Response, "status" | "headers">, { page, name, hasToken }: Asked): OnestrokeError {
  const reason = headers.get("x-error-code");
  const detail = { repository: name, status };
  if (headers.get("x-error-message")?.endsWith("disabled.") === true) {
    return new OnestrokeError("model-missing", `the hub has closed ${name}`, { ...detail, remedy: `Its page may say why: ${page}.` });
  }
  if (reason === "GatedRepo" || (status === 403 && reason === null)) {
    const remedy = hasToken
      ? `Accept the licence at ${page} with the account that the access token belongs to, and check that the token may read gated repositories.`
      : `Accept the licence at ${page}, then enter an access token of your account.`;
    return new OnestrokeError("download-gated", `${name} is open only to those who accepted its licence`, { ...detail, page, remedy });
  }
  if (reason === "RevisionNotFound") {
    return new OnestrokeError("model-missing", `${name}: there is no such branch, tag or commit`, detail);
  }
  if (status === 401 && hasToken && reason !== "RepoNotFound") {
    const remedy = "Enter the access token again: it may be mistyped, expired or revoked.";
    return new OnestrokeError("download-gated", `the hub does not accept the access token`, { ...detail, page, remedy });
  }
  if (status === 401 || status === 403 || status === 404 || status === 410) {
    const remedy = hasToken
      ? "Check the name, and whether the account that the access token belongs to may see the repository."
      : "Check the spelling. If the repository is private, enter an access token of an account that may see it.";
    return new OnestrokeError("model-missing", `there is no ${name} on the hub: it may be private or misspelt`, { ...detail, remedy });
  }
  const problem = status === 429 ? "is asked too often, and wants a pause" : `answered ${status}`;
  return new OnestrokeError("download-failed", `the hub ${problem} (${name})`, detail);
}

/** Something that is no answer of a hub. */
export function notAHub(url: URL, problem: string, cause?: unknown): OnestrokeError {
  return new OnestrokeError("download-failed", `${url.host} ${problem}`, { host: url.host, remedy: NOT_A_HUB }, cause);
}

async function boundedText(response: Response, url: URL): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let byteLength = 0;
  for await (const chunk of response.body ?? []) {
    byteLength += chunk.byteLength;
    if (byteLength > MOST_BYTES) throw notAHub(url, `answered with more than ${MOST_BYTES} bytes`);
    try {
      text += decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw notAHub(url, "answered with something that is not text", cause);
    }
  }
  return text;
}

function jsonOf(text: string, url: URL): unknown {
  if (/^\s*</.test(text)) throw notAHub(url, "answered with a web page");
  try {
    return parseJson(text);
  } catch (cause) {
    throw notAHub(url, "answered with something that is not JSON", cause);
  }
}
