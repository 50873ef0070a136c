// `npm run loading -- [rounds]`: how fast a large network comes from the vault to the GPU, beside reading its file alone and beside uploading
// it as it is, and what memory its download and its loading take. It is not part of `npm test`, because it takes minutes. On a busy machine the seconds of a processor
// say more than those of the clock.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { chromiumPath } from "../../src/cli/bootstrap/environment.mjs";
import { servePage } from "../../src/cli/bench/serve-page";
import type { LoaderCall } from "../../src/worker/testing/loading/loader";
import { faultServer } from "../fault-server";
import { planOf } from "../faults/vault-page";
import { javascriptMeter, processorSeconds, rendererBytes } from "./meters";
import { CONFIG, randomUnet } from "./random-unet";

const [rounds = 5] = process.argv.slice(2).map(Number);
const MODEL = "someone/large";
const PATH = "unet/diffusion_pytorch_model.fp16.safetensors";
const MIB = 2 ** 20;
const KINDS = [
  ["read", "reading alone"],
  ["upload", "uploading alone, as it is stored"],
  ["load", "vault to GPU"],
] as const satisfies readonly (readonly [LoaderCall["type"], string])[];

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const profile = await mkdtemp(join(tmpdir(), "onestroke-loading-"));
const unet = randomUnet();
const server = await faultServer(new Map([[PATH, unet]]));
const plan = planOf(server.files, [server.url], MODEL);
const [repository] = plan.repositories;
const served = await servePage(fileURLToPath(new URL("../../src/worker/testing/loading", import.meta.url)));
const executablePath = chromiumPath();
// Without a profile of its own a browser keeps such files in memory.
const context = await chromium.launchPersistentContext(profile, {
  ...(executablePath === undefined ? {} : { executablePath }),
  args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--disable-gpu-watchdog"],
});

try {
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(served.url);
  await page.waitForFunction(() => "loadingPage" in globalThis);
  const javascript = await javascriptMeter(page);
  await page.evaluate(() => globalThis.loadingPage.list());
  const idle = { javascript: sum(await javascript()), renderers: rendererBytes(profile) };

  const ask = async (type: LoaderCall["type"]): Promise<number> => {
    const file = repository?.files[0];
    const at = { repository: repository?.repository ?? "", revision: repository?.revision ?? "" };
    const call: LoaderCall = { type, model: MODEL, at, path: PATH, content: file?.hash?.hex ?? "", config: CONFIG };
    const answer = await page.evaluate((asked) => globalThis.loadingPage.ask(asked), call);
    if (typeof answer === "string") throw new Error(answer);
    return answer;
  };

  /** Runs `work`, and says how far memory rises meanwhile. */
  const watched = async (what: string, work: Promise<unknown>): Promise<void> => {
    const end = Symbol();
    const most = { javascript: 0, renderers: 0 };
    const ended = work.then(() => end);
    while ((await Promise.race([ended, sleep(20)])) !== end) {
      most.javascript = Math.max(most.javascript, sum(await javascript()));
      most.renderers = Math.max(most.renderers, rendererBytes(profile));
    }
    const above = (name: keyof typeof most): string => `${((most[name] - idle[name]) / MIB).toFixed(0)} MiB`;
    console.log(`${what}: at most ${above("javascript")} of JavaScript and ${above("renderers")} of the renderers' memory above idle`);
  };

  await watched(
    "download",
    page.evaluate((wanted) => globalThis.loadingPage.fetch(wanted), plan),
  );
  await watched("load", ask("load"));

  const spent = new Map(KINDS.map(([type]) => [type, { clock: [] as number[], worker: [] as number[], gpu: [] as number[] }]));
  for (let round = 0; round < rounds; round++) {
    for (const [type, { clock, worker, gpu }] of spent) {
      const before = processorSeconds(profile);
      clock.push((await ask(type)) / 1000);
      const after = processorSeconds(profile);
      worker.push(after.workers - before.workers);
      gpu.push(after.gpu - before.gpu);
    }
  }
  console.log(`the page's own thread: no task over ${Math.max(50, await page.evaluate(() => globalThis.loadingPage.longestTaskMs()))} ms`);
  for (const [type, name] of KINDS) {
    const { clock = [], worker = [], gpu = [] } = spent.get(type) ?? {};
    const rate = (unet.byteLength / MIB / median(clock)).toFixed(0);
    const [seconds, ofWorker, ofGpu] = [clock, worker, gpu].map((each) => median(each).toFixed(2));
    console.log(`${name}: ${seconds} s by the clock (${rate} MiB/s); the worker's thread ${ofWorker} s, GPU process ${ofGpu} s`);
  }
} finally {
  await context.close();
  await server.close();
  await served.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}
