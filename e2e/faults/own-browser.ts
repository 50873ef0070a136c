// A browser with a profile of its own on the disk, which can be killed as a power cut or a crash would: the whole process at once.
import { spawn, type ChildProcess } from "node:child_process";
import { chromium, type Browser, type Page } from "@playwright/test";
import { chromiumPath } from "../../src/cli/bootstrap/environment.mjs";

export interface OwnBrowser {
  readonly browser: Browser;
  readonly page: Page;
  /** Ends the process at once, without a chance to tidy up. Does nothing a second time. */
  kill(): Promise<void>;
}

/** @param profile folder that outlives the browser */
export async function ownBrowser(profile: string): Promise<OwnBrowser> {
  const child = spawn(
    chromiumPath() ?? chromium.executablePath(),
    [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--no-first-run",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const browser = await chromium.connectOverCDP(await debuggerAddress(child));
  const [context] = browser.contexts();
  if (context === undefined) throw new Error("the browser has no profile");
  const page = context.pages()[0] ?? (await context.newPage());
  return {
    browser,
    page,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
      await browser.close().catch(() => undefined);
    },
  };
}

function debuggerAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const address = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once("exit", () => reject(new Error(`the browser ended at once:\n${said}`)));
  });
}
