// What every end-to-end test asks besides what it is about: nothing breaks the page's policy, and nothing goes to another host.
import { test as base, expect, type Browser, type BrowserContext, type Page, type Request } from "@playwright/test";

/** @returns what goes wrong from now on, as one line each */
export async function guard(context: BrowserContext): Promise<string[]> {
  const faults: string[] = [];
  await context.exposeBinding("reportViolation", (_, line: string) => void faults.push(line));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI, sample }) => {
      Reflect.get(window, "reportViolation")(`the page broke ${effectiveDirective}: ${blockedURI} ${sample}`.trim());
    });
  });
  context.on("page", (page) => {
    // A worker's violations are told to the worker alone, and the browser's console names them.
    page.on("console", (message) => {
      if (/Content Security Policy|Trusted ?(?:Type|Script|HTML)/i.test(message.text())) faults.push(message.text());
    });
    page.on("worker", (worker) => {
      const listen = worker.evaluate(() => {
        addEventListener("securitypolicyviolation", (event) => {
          const { effectiveDirective, blockedURI } = event as SecurityPolicyViolationEvent;
          // oxlint-disable-next-line no-console
          console.error(`Content Security Policy: a worker broke ${effectiveDirective}: ${blockedURI}`);
        });
      });
      // It may be gone by now.
      listen.catch(() => undefined);
    });
  });
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    const own = originOf(request);
    if (protocol.startsWith("http") && own !== undefined && origin !== own) faults.push(`a request to ${request.url()}`);
  });
  return faults;
}

/** A page of a browser that the test started itself. It looks at `faults` at its end. */
export async function guardedPage(browser: Browser, baseURL = ""): Promise<{ readonly page: Page; readonly faults: readonly string[] }> {
  const context = await browser.newContext({ baseURL });
  const faults = await guard(context);
  return { page: await context.newPage(), faults };
}

/** Where the page or the worker comes from that asks. Undefined for one that is only on its way to a page. */
function originOf(request: Request): string | undefined {
  const worker = request.serviceWorker();
  if (worker !== null) return new URL(worker.url()).origin;
  if (request.isNavigationRequest()) return undefined;
  return new URL(request.frame().url()).origin;
}

interface Guarded {
  readonly faults: readonly string[];
  /** For tests that break the rules to see what happens. They look at `faults` themselves. */
  readonly isProvoking: boolean;
}

export const test = base.extend<Guarded>({
  isProvoking: [false, { option: true }],
  faults: [
    async ({ context, isProvoking }, use) => {
      const faults = await guard(context);
      await use(faults);
      if (!isProvoking) expect(faults).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
