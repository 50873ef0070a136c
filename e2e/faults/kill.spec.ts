// Faults that need a profile on a real disk: the browser is killed, the disk is full, the browser promises to keep its storage.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultServer, type FaultServer } from "../fault-server";
import { ownBrowser, type OwnBrowser } from "./own-browser";
import { CHUNK_BYTES, expect, FILES, planOf, test, VaultPage, WEIGHTS } from "./vault-page";

let profile = "";
let server: FaultServer;
let own: OwnBrowser | undefined;

test.beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), "onestroke-profile-"));
  server = await faultServer(FILES);
});
test.afterEach(async () => {
  await own?.kill();
  own = undefined;
  await server.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
});

async function visit(url: string, folder = profile): Promise<VaultPage> {
  own = await ownBrowser(folder);
  const vault = new VaultPage(own.page, server, url);
  await vault.open();
  return vault;
}

test("D15 the browser is killed in the middle of a download: the next visit sweeps, and goes on from what is proved", async ({
  served,
}) => {
  const vault = await visit(served.url);
  await vault.page.evaluate(async () => {
    // What a killed browser leaves of a file that was written otherwise.
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("onestroke-vault", { create: true });
    await folder.getFileHandle("w2.bin.crswap", { create: true });
  });
  server.spoil(WEIGHTS, { bytesPerSecond: 2 ** 20 });
  await vault.begin();
  await vault.reached(vault.totalBytes / 2);
  await own?.kill();

  server.spoil(WEIGHTS, undefined);
  const next = await visit(served.url);
  const [left] = await next.page.evaluate(() => globalThis.vaultPage.store.list());
  expect(left?.isComplete).toBe(false);
  expect(left?.hereBytes).toBeGreaterThan(vault.totalBytes / 4);
  await expect.poll(() => next.page.evaluate(() => globalThis.vaultPage.names())).not.toContain("w2.bin.crswap");
  server.sentBytes = 0;
  await next.expectRecovery();
  expect(server.sentBytes).toBe(vault.totalBytes - (left?.hereBytes ?? 0));
});

test("S3 a disk that is full: said so, and once there is room the download goes on", async ({ served }) => {
  const disk = await mkdtemp(join(tmpdir(), "onestroke-disk-"));
  const isMounted = mount(disk);
  try {
    test.skip(!isMounted, "only root can mount a small disk");
    const vault = await visit(served.url, join(disk, "profile"));
    const large = new Map([[WEIGHTS, Buffer.alloc(160 * 2 ** 20, 9)]]);
    for (const [path, bytes] of large) server.files.set(path, bytes);
    const outcome = await vault.fetch(planOf(large, [server.url], "too/large"));
    expect(outcome.code).toBe("storage-full");
    expect(await vault.isListedComplete("too/large")).toBe(false);
    await vault.page.evaluate(() => globalThis.vaultPage.store.remove("too/large"));
    for (const [path, bytes] of FILES) server.files.set(path, bytes);
    await vault.expectRecovery();
  } finally {
    await own?.kill();
    if (isMounted) execFileSync("umount", ["--lazy", disk]);
    await rm(disk, { recursive: true, force: true });
  }
});

function mount(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=120m", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("S11 whether the browser will keep the storage is asked for, and told as it is", async ({ served }) => {
  const vault = await visit(served.url);
  const persist = () => vault.page.evaluate(() => globalThis.vaultPage.store.persist());
  const told = async () => (await vault.page.evaluate(() => globalThis.vaultPage.store.room())).isPersistent;
  expect(await told()).toBeUndefined();
  expect([await persist(), await told()]).toEqual([false, false]);
  const session = await own?.browser.newBrowserCDPSession();
  await session?.send("Browser.grantPermissions", { permissions: ["durableStorage"], origin: new URL(served.url).origin });
  expect([await persist(), await told()]).toEqual([true, true]);
});

test("W4 a page that crashes in the middle of a download: after a reload it goes on", async ({ served }) => {
  const vault = await visit(served.url);
  server.spoil(WEIGHTS, { bytesPerSecond: 2 ** 20 });
  await vault.begin();
  await vault.reached(4 * CHUNK_BYTES);
  const session = await vault.cdp();
  void session.send("Page.crash").catch(() => undefined);
  server.spoil(WEIGHTS, undefined);
  const context = vault.page.context();
  const again = new VaultPage(await context.newPage(), server, served.url);
  await again.open();
  await again.expectRecovery();
});
