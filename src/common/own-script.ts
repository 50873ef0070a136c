// The addresses of our own scripts, in the form that a browser with Trusted Types asks for. The content security policy
// (policy.ts) lets nothing else become a worker or a service worker. It works in the page and in a worker.
import { OnestrokeError } from "./errors";

/** What is used of Trusted Types. The DOM's types still ask for strings where such an address goes, so it is called one. */
interface Policy {
  createScriptURL(address: string): string;
}

declare global {
  // A global variable is declared with `var`.
  // oxlint-disable-next-line no-var
  var trustedTypes: { createPolicy(name: "app", rules: Policy): Policy } | undefined;
}

let policy: Policy | undefined;

/**
 * @param address of a script, from a Vite import that ends in `?worker&url`, or of one that lies elsewhere on the page's host
 * @returns what `new Worker` and `serviceWorker.register` take
 * @throws OnestrokeError `invalid-input` for what is no address, or another host's
 */
export function ownScript(address: string | URL): string {
  // A policy's name can be taken once in a page.
  policy ??= globalThis.trustedTypes?.createPolicy("app", { createScriptURL: sameOrigin }) ?? { createScriptURL: sameOrigin };
  return policy.createScriptURL(String(address));
}

function sameOrigin(address: string): string {
  const url = URL.canParse(address, location.href) ? new URL(address, location.href) : undefined;
  if (url?.origin === location.origin) return url.href;
  throw new OnestrokeError(
    "invalid-input",
    url === undefined ? `${address} is no address` : `a script of ${url.origin} is not this page's own`,
    {
      remedy: "Serve Onestroke's scripts from the page's own host, and give their addresses there.",
    },
  );
}
