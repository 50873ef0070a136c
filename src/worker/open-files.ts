// Finds the files of a model in this browser. What ships with the page is fetched into the vault first; anything else must be there already,
// because a download is a person's decision, and the page's to make.
import { catalogueEntry } from "../catalogue/entries";
import { httpStore } from "../checkpoints/http-source";
import { modelFile, type ModelFiles } from "../checkpoints/places";
import type { DownloadPlan, HandedModel } from "../common/download";
import type { DrawHooks } from "../common/drawing";
import { OnestrokeError } from "../common/errors";
import { modelHub } from "../hub/hub";
import { createMemoryVault } from "../vault/browser-vault";
import { embeddedPlan } from "../vault/embedded-plan";
import { handedFiles } from "../vault/open-kept";
import type { Transfer } from "../vault/transfer/transfer";
import { TRANSFER_TIMES } from "../vault/transfer/transfer";
import type { OpenModel, Vault } from "../vault/vault";

/** Somebody waits for the first picture, so a fault is shown sooner than for a download that runs beside other work. */
export const SOON: Partial<Transfer> = { times: { ...TRANSFER_TIMES, backoffMs: [500, 1_000, 2_000] } };

/**
 * @param modelsRoot absolute address that ends in a slash, with a folder for each model that ships with the page
 * @param handed the model's files, where the browser has no storage that this worker could read them from
 * @throws OnestrokeError `model-missing` with the detail `notHere` where it has to be downloaded first; as `Vault.fetch`
 */
export async function openFiles(
  id: string,
  vault: Vault,
  modelsRoot: string,
  handed: HandedModel | undefined,
  hooks: DrawHooks,
): Promise<OpenModel> {
  if (handed?.plan.model === id) return { ...filesOfPage(handed), release: async () => undefined };
  const entry = catalogueEntry(id);
  const plan = entry && embeddedPlan(entry, modelsRoot);
  const opened = plan === undefined ? await vault.open(id) : await openEmbedded(plan, vault, hooks);
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
  const hub = modelHub();
  return modelFile({ store: files.base, path }, [(at) => httpStore(hub.addressOf(at))]);
}

async function openEmbedded(plan: DownloadPlan, vault: Vault, hooks: DrawHooks): Promise<OpenModel | undefined> {
  try {
    return await fetched(plan, vault, hooks);
  } catch (thrown) {
    const { code } = OnestrokeError.from(thrown, "storage-cleared");
    if (code !== "storage-full" && code !== "storage-cleared") throw thrown;
    // It is small. Without room for it on the disk it can still be drawn with.
    return fetched(plan, createMemoryVault({ transfer: SOON }), hooks);
  }
}

async function fetched(plan: DownloadPlan, vault: Vault, { signal, onProgress }: DrawHooks): Promise<OpenModel | undefined> {
  await vault.fetch(plan, {
    signal,
    onProgress: ({ hereBytes, totalBytes }) => onProgress?.({ stage: "load", component: "files", loadedBytes: hereBytes, totalBytes }),
  });
  return vault.open(plan.model);
}
