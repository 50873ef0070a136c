// `npm run soak -- [times] [seed]`: ends the browser, the page or every connection at random moments of downloads, as often as asked for
// (200 by default), and looks each time whether anything wrong is offered. At the end the model is here, byte for byte. It is not part of
// `npm test`, because it takes minutes.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { faultServer } from "../fault-server";
import { ownBrowser, type OwnBrowser } from "./own-browser";
import { FILES, MODEL, serveVaultPage, VaultPage, WEIGHTS } from "./vault-page";

const [times = 200, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);

/** Numbers from 0 to 1 that another run with the same seed repeats. */
function randomNumbers(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const random = randomNumbers(seed);
const profile = await mkdtemp(join(tmpdir(), "onestroke-soak-"));
const served = await serveVaultPage();
const server = await faultServer(FILES);
const ends = { browser: 0, page: 0, connections: 0 };
let own: OwnBrowser | undefined;
let completed = 0;

async function visit(): Promise<VaultPage> {
  own ??= await ownBrowser(profile);
  const vault = new VaultPage(own.page, server, served.url);
  await vault.open();
  return vault;
}

/** Whatever is offered is right. A model that is complete is removed, so that there is something to download again. */
async function look(vault: VaultPage): Promise<void> {
  if (!(await vault.isListedComplete())) return;
  await vault.expectWhole();
  completed++;
  await vault.page.evaluate((model) => globalThis.vaultPage.store.remove(model), MODEL);
}

console.log(`${times} faults, seed ${seed}`);
try {
  let vault = await visit();
  for (let fault = 0; fault < times; fault++) {
    await look(vault);
    server.spoil(WEIGHTS, { bytesPerSecond: (0.25 + 4 * random()) * 2 ** 20 });
    await vault.begin();
    await sleep(random() * 2_500);
    const kind = (["browser", "page", "connections"] as const)[Math.floor(random() * 3)] ?? "browser";
    ends[kind]++;
    if (kind === "connections") {
      server.cut();
      // The download goes on by itself; let it, for a while.
      await sleep(random() * 500);
      await vault.page.evaluate(() => globalThis.vaultPage.cancel());
      await vault.outcome();
    } else {
      if (kind === "browser") {
        await own?.kill();
        own = undefined;
      }
      vault = await visit();
    }
    if (fault % 20 === 19) console.log(`${fault + 1}: ${completed} models came whole meanwhile`);
  }
  server.spoil(WEIGHTS, undefined);
  await look(vault);
  await vault.expectRecovery();
  const names = await vault.page.evaluate(() => globalThis.vaultPage.names());
  if (names.length !== FILES.size) throw new Error(`the vault's folder holds ${names.join(", ")}`);
  console.log(
    `${ends.browser} killed browsers, ${ends.page} reloads, ${ends.connections} cut connections: the model is here, byte for byte`,
  );
} finally {
  await own?.kill();
  await server.close();
  await served.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}
