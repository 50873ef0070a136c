// An access token of the hub. It is a secret: it goes to the one origin that it was made for, and to no other, and whatever prints
// or copies the object finds nothing in it.
import { OnestrokeError } from "../common/errors";

export class HubToken {
  readonly #value: string;
  readonly #origin: string;

  /**
   * @param value as a person typed it
   * @param base address of the hub that issued it
   * @throws OnestrokeError `invalid-input`, without the value
   */
  constructor(value: string, base: string) {
    const text = value.trim();
    // A header's value: anything else would make `fetch` throw an error that quotes it.
    if (!/^[\x21-\x7e]{1,512}$/.test(text)) throw refused("the access token has characters that no token has");
    const { origin, protocol, hostname } = new URL(base);
    const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
    if (protocol !== "https:" && !isHere)
      throw refused(`${origin} is not https, so everybody on the way could read the access token`, NOT_SECRET);
    this.#value = text;
    this.#origin = origin;
  }

  /**
   * A `fetch` that shows the token to its own origin. When a server redirects to another origin, `fetch` itself takes the
   * header away, so the stores that a hub redirects to never see it.
   */
  authorize(fetcher: typeof fetch): typeof fetch {
    return (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.origin !== this.#origin) return fetcher(input, init);
      const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
      headers.set("Authorization", `Bearer ${this.#value}`);
      return fetcher(input, { ...init, headers });
    };
  }
}

const NOT_SECRET = "Use the hub's https address, or no access token.";

function refused(problem: string, remedy = "Copy it again from the settings of your account."): OnestrokeError {
  return new OnestrokeError("invalid-input", problem, { field: "token", remedy });
}
