// The page's policy holds in the page and in its workers, whether the host sends it in headers (as here), or sends nothing and the
// service worker adds it. That every engine runs under it is what all other tests show.
import type { Worker } from "@playwright/test";
import { contentSecurityPolicy, securityHeaders } from "../src/common/policy";
import { startStaticHost, WITHOUT_MODEL } from "./static-host";
import { expect, SMALL_LINK, test } from "./studio";

const POLICY = contentSecurityPolicy();
const lowerCase = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** Whether a text can be run in a worker, by the one way that the tests' own access to it does not open. */
function runsText(worker: Worker): Promise<boolean> {
  return worker.evaluate(async () => {
    try {
      // oxlint-disable-next-line typescript/no-implied-eval
      setTimeout("globalThis.ranText = true");
    } catch {
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve));
    return "ranText" in globalThis;
  });
}

test("every answer has the headers, and the page says the same by itself", async ({ request }) => {
  const page = await request.get("./");
  const [worker = ""] = /assets\/entry-[\w-]+\.js/.exec(await (await request.get("sw.js")).text()) ?? [];
  for (const answer of [page, await request.get("sw.js"), await request.get(worker), await request.get("nothing-here")]) {
    expect(answer.headers(), answer.url()).toMatchObject(lowerCase(securityHeaders()));
  }
  expect((await page.text()).replaceAll("&#39;", "'")).toContain(`http-equiv="Content-Security-Policy" content="${POLICY}"`);
  expect(await (await request.get("_headers")).text()).toContain(`  Content-Security-Policy: ${POLICY}\n`);
});

test("nothing but the build is served", async ({ request }) => {
  for (const path of [
    "src/app/main.tsx",
    "package.json",
    "vite.config.ts",
    "..%2fpackage.json",
    "@fs/etc/hostname",
    "@vite/client",
    "node_modules/react/package.json",
    ".git/HEAD",
    "dist/index.html",
  ]) {
    expect((await request.get(path)).status(), path).toBe(404);
  }
  expect((await request.get("index.html")).status()).toBe(200);
});

test("X2: nothing is asked for while a picture is drawn", async ({ studio }) => {
  await studio.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const before = studio.requests.length;
  await studio.drawn({ prompt: "a cabin by a lake", negative: "snow", seed: "5", steps: 2 });
  // The browser itself looks at the tab's icon again when the address changes, and small copies of pictures are addresses of its memory.
  const asked = studio.requests.slice(before).filter((url) => !url.startsWith("blob:") && !url.endsWith("/icon.svg"));
  expect(asked).toEqual([]);
  await studio.wish({ negative: "", steps: 1 });
});

test.describe("what is against the rules", () => {
  test.use({ isProvoking: true });

  test("X1: what breaks the policy is stopped, in the page and in its worker, and every test hears of it", async ({
    freshStudio,
    faults,
  }) => {
    const { page } = freshStudio;
    await freshStudio.open(SMALL_LINK);
    expect(faults).toEqual([]);
    const stopped = await page.evaluate(async () => {
      const failure = async (act: () => unknown): Promise<string> => {
        try {
          await act();
          return "nothing";
        } catch (error) {
          return error instanceof Error ? error.name : String(error);
        }
      };
      return {
        worker: await failure(() => new Worker("data:text/javascript,")),
        markup: await failure(() => (document.createElement("div").innerHTML = "<b>bold</b>")),
        // oxlint-disable-next-line typescript/no-implied-eval
        text: await failure(() => setTimeout("window.ranText = true")),
        policy: await failure(() => Object(window).trustedTypes.createPolicy("another", {})),
        request: await failure(() => fetch("https://stranger.example/")),
      };
    });
    expect(stopped).toEqual({ worker: "TypeError", markup: "TypeError", text: "TypeError", policy: "TypeError", request: "TypeError" });
    await expect.poll(() => faults.join("\n")).toMatch(/the page broke require-trusted-types-for/);
    await expect.poll(() => faults.join("\n")).toMatch(/the page broke connect-src: https:\/\/stranger\.example/);

    const [worker] = page.workers();
    if (worker === undefined) throw new Error("the page has a worker");
    expect(await runsText(worker)).toBe(false);
    expect(await worker.evaluate(() => fetch("https://stranger.example/").then(String, () => "stopped"))).toBe("stopped");
    await expect.poll(() => faults.join("\n")).toMatch(/a worker broke connect-src: https:\/\/stranger\.example/);
  });

  test("X2: a request to another host is noticed, though the policy allows the hub", async ({ page, faults }) => {
    await page.route("https://huggingface.co/**", (route) =>
      route.fulfill({ headers: { "access-control-allow-origin": "*" }, body: "here" }),
    );
    await page.goto("./");
    expect(await page.evaluate(() => fetch("https://huggingface.co/a").then((response) => response.text()))).toBe("here");
    expect(faults).toEqual(["a request to https://huggingface.co/a"]);
  });

  test("a host that sends no headers: the service worker gives them to the page and to its worker", async ({ page }) => {
    const host = await startStaticHost();
    try {
      host.broken.set(...WITHOUT_MODEL);
      await page.goto(host.url);
      await expect(page.getByRole("alert")).toBeVisible();
      const [first] = page.workers();
      // Control: without the header the worker is free, whatever the page's own element says.
      expect(first && (await runsText(first))).toBe(true);
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);

      const answers: Promise<readonly [string, string | null]>[] = [];
      page.on("response", (response) => {
        const name = new URL(response.url()).pathname.split("/").at(-1) ?? "";
        if (name === "" || name.startsWith("entry-")) {
          answers.push(response.headerValue("content-security-policy").then((value) => [name.slice(0, 5), value]));
        }
      });
      await page.reload();
      await expect(page.getByRole("alert")).toBeVisible();
      expect(await Promise.all(answers)).toEqual([
        ["", POLICY],
        ["entry", POLICY],
      ]);
      const worker = page.workers().at(-1);
      expect(worker && (await runsText(worker))).toBe(false);
    } finally {
      await host.close();
    }
  });
});
