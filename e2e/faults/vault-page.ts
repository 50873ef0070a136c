// The vault's test page and a server that fails on demand, for one test each. `plan` is a small model: weights of a dozen chunks, two
// files that are shorter than one, and one of another repository.
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect, test as base, type BrowserContext, type CDPSession, type Page } from "@playwright/test";
import { servePage, type ServedPage } from "../../src/cli/bench/serve-page";
import { fileName, planBytes, type DownloadPlan } from "../../src/common/download";
import type { Outcome } from "../../src/vault/testing/page/main";
import { faultServer, type FaultServer } from "../fault-server";

export const CHUNK_BYTES = 2 ** 18;
export const WEIGHTS = "unet/weights.safetensors";
export const MODEL = "owner/name";
const AT = { repository: MODEL, revision: "main" };

export const FILES: ReadonlyMap<string, Buffer> = new Map([
  ["model_index.json", randomBytes(400, 1)],
  [WEIGHTS, randomBytes(12 * CHUNK_BYTES + 999, 2)],
  ["vae/weights.safetensors", randomBytes(CHUNK_BYTES - 7, 3)],
]);

/** The same bytes in every run, which no compression makes smaller. */
export function randomBytes(byteLength: number, seed: number): Buffer {
  const bytes = Buffer.alloc(byteLength);
  let state = seed * 0x9e3779b9;
  for (let i = 0; i < byteLength; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A plan of the files of a server, all in one repository. */
export function planOf(files: ReadonlyMap<string, Buffer>, addresses: readonly string[], model = MODEL): DownloadPlan {
  const planned = [...files].map(([path, bytes]) => ({
    path,
    byteLength: bytes.byteLength,
    hash: { algorithm: "sha256" as const, hex: sha256Of(bytes) },
  }));
  return {
    model,
    title: model,
    license: { id: "MIT" },
    repositories: [{ ...AT, commit: "c0ffee", addresses, files: planned }],
  };
}

export class VaultPage {
  readonly page: Page;
  readonly server: FaultServer;
  readonly url: string;
  readonly plan: DownloadPlan;

  constructor(page: Page, server: FaultServer, url: string) {
    this.page = page;
    this.server = server;
    this.url = url;
    this.plan = planOf(FILES, [server.url]);
  }

  async open(): Promise<void> {
    const url = new URL(this.url);
    url.searchParams.set("hub", this.server.url);
    await this.page.goto(url.href);
    await this.page.waitForFunction(() => "vaultPage" in globalThis);
  }

  begin(plan: DownloadPlan = this.plan): Promise<void> {
    return this.page.evaluate((wanted) => globalThis.vaultPage.begin(wanted), plan);
  }

  outcome(): Promise<Outcome> {
    return this.page.evaluate(() => globalThis.vaultPage.outcome());
  }

  async fetch(plan: DownloadPlan = this.plan): Promise<Outcome> {
    await this.begin(plan);
    return this.outcome();
  }

  /** Waits until so many bytes are here. A download that ends before has failed. */
  async reached(byteLength: number): Promise<void> {
    const arrived = this.page.waitForFunction((least) => (globalThis.vaultPage.said.at(-1)?.hereBytes ?? 0) >= least, byteLength, {
      timeout: 0,
    });
    const ended = await Promise.race([arrived.then(() => undefined), this.outcome()]);
    if (ended !== undefined) expect(ended).toMatchObject({ code: "complete" });
  }

  async isListedComplete(model = MODEL): Promise<boolean> {
    const kept = await this.page.evaluate(() => globalThis.vaultPage.store.list());
    return kept.some(({ plan, isComplete }) => plan.model === model && isComplete);
  }

  /** Byte for byte what the server has: read as the image worker reads it. */
  async expectWhole(plan: DownloadPlan = this.plan): Promise<void> {
    expect(await this.isListedComplete(plan.model)).toBe(true);
    for (const { path, hash } of plan.repositories[0]?.files ?? []) {
      const answer = await this.page.evaluate(([model, at, file]) => globalThis.vaultPage.read(model, at, file), [
        plan.model,
        AT,
        path,
      ] as const);
      expect([fileName(AT, path), answer.code, answer.sha256]).toEqual([fileName(AT, path), "read", hash?.hex]);
    }
    await this.page.evaluate(() => globalThis.vaultPage.release());
  }

  async expectNotOffered(): Promise<void> {
    expect(await this.isListedComplete()).toBe(false);
    const answer = await this.page.evaluate(([model, at, path]) => globalThis.vaultPage.read(model, at, path), [
      MODEL,
      AT,
      WEIGHTS,
    ] as const);
    expect(["nothing", "storage-cleared"]).toContain(answer.code);
  }

  /** A download that nothing disturbs any more, and what it leaves behind. */
  async expectRecovery(): Promise<void> {
    this.server.spoil(WEIGHTS, undefined);
    expect(await this.fetch()).toMatchObject({ code: "complete" });
    await this.expectWhole();
  }

  get totalBytes(): number {
    return planBytes(this.plan);
  }

  cdp(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page);
  }

  /** Another tab of the same site. */
  async anotherTab(): Promise<VaultPage> {
    const other = new VaultPage(await this.page.context().newPage(), this.server, this.url);
    await other.open();
    return other;
  }
}

export async function serveVaultPage(): Promise<ServedPage> {
  return servePage(fileURLToPath(new URL("../../src/vault/testing/page", import.meta.url)));
}

export const test = base.extend<{ vault: VaultPage; context: BrowserContext }, { served: ServedPage }>({
  served: [
    async ({ browserName: _ }, use) => {
      const served = await serveVaultPage();
      await use(served);
      await served.close();
    },
    { scope: "worker" },
  ],
  vault: async ({ page, served }, use) => {
    const server = await faultServer(FILES);
    const vault = new VaultPage(page, server, served.url);
    await vault.open();
    await use(vault);
    await server.close();
  },
});

export { expect };
