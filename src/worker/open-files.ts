// Finds the files of a model in this browser. What ships with the page is fetched into the vault first; anything else must be there
// already, or on its way, because a download is a person's decision, and the page's to make.
import { catalogueEntry } from "../catalogue/entries";
import { httpStore } from "../checkpoints/http-source";
import { modelFile, type ModelFiles } from "../checkpoints/places";
import type { DownloadPlan, HandedModel } from "../common/download";
import type { DrawHooks } from "../common/drawing";
import { OnestrokeError } from "../common/errors";
import { modelHub } from "../hub/hub";
import { arrivingModel, type BringFiles } from "../vault/arriving-model";
import { createMemoryVault } from "../vault/browser-vault";
import { embeddedPlan } from "../vault/embedded-plan";
import { handedFiles } from "../vault/open-kept";
import type { Transfer } from "../vault/transfer/transfer";
import { TRANSFER_TIMES } from "../vault/transfer/transfer";
import type { OpenModel, Vault, VaultHooks } from "../vault/vault";

/** Somebody waits for the first picture, so a fault is shown sooner than for a download that runs beside other work. */
export const SOON: Partial<Transfer> = { times: { ...TRANSFER_TIMES, backoffMs: [500, 1_000, 2_000] } };

/**
 * @param modelsRoot absolute address that ends in a slash, with a folder for each model that ships with the page
 * @param handed the model's files, where the browser has no storage that this worker could read them from
 * @throws OnestrokeError `model-missing` with the detail `notHere` where it has to be downloaded first
 */
export async function openFiles(
  id: string,
  vault: Vault,
  modelsRoot: string,
  handed: HandedModel | undefined,
  hooks: DrawHooks,
): Promise<OpenModel> {
  if (handed?.plan.model === id) return { ...filesOfPage(handed), arrived: async () => true, release: async () => undefined };
  const entry = catalogueEntry(id);
  const plan = entry && embeddedPlan(entry, modelsRoot);
  const { signal, onProgress } = hooks;
  const onBytes = (here: number, total: number): void => sayFiles(onProgress, here, total);
  const opened = plan === undefined ? await vault.open(id, { signal, onProgress: onBytes }) : openEmbedded(plan, vault, hooks);
  if (opened !== undefined) return opened;
  throw new OnestrokeError("model-missing", `${entry?.title ?? id} is not on this device`, {
    model: id,
    notHere: true,
    remedy: "Download it first, in the list of models, or choose another model.",
  });
}

function filesOfPage(handed: HandedModel): ModelFiles {
  const files = handedFiles(handed);
  const path = handed.plan.repositories[0]?.files[0]?.path;
  if (handed.isOneFile !== true || path === undefined || files.base === undefined) return files;
  const hub = modelHub(handed.hub === undefined ? {} : { base: handed.hub });
  return modelFile({ store: files.base, path }, [(at) => httpStore(hub.addressOf(at))]);
}

/** The model's files at once, while they are fetched: what has come is loaded meanwhile. */
function openEmbedded(plan: DownloadPlan, vault: Vault, { signal: wanted, onProgress }: DrawHooks): OpenModel {
  const bring: BringFiles = async (arriving, signal) => {
    const opened = await fetched(plan, vault, {
      signal,
      onProgress: ({ hereBytes, totalBytes }) => sayFiles(onProgress, hereBytes, totalBytes),
      onFile: (name, file) => arriving.take(name, file),
    });
    return async () => opened?.release();
  };
  return arrivingModel(plan, bring, wanted);
}

function sayFiles(onProgress: DrawHooks["onProgress"], loadedBytes: number, totalBytes: number): void {
  onProgress?.({ stage: "load", component: "files", loadedBytes, totalBytes });
}

/** @returns what keeps other tabs from removing the model */
async function fetched(plan: DownloadPlan, vault: Vault, hooks: VaultHooks): Promise<OpenModel | undefined> {
  try {
    await vault.fetch(plan, hooks);
    return await vault.open(plan.model);
  } catch (thrown) {
    const { code } = OnestrokeError.from(thrown, "storage-cleared");
    if (code !== "storage-full" && code !== "storage-cleared") throw thrown;
    // It is small. Without room for it on the disk it can still be drawn with.
    await createMemoryVault({ transfer: SOON }).fetch(plan, hooks);
    return undefined;
  }
}
