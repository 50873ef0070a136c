// A model that ships with the app as a plan: its files are fetched into the vault like any other's, and are there without the network the
// next time.
import type { CatalogueEntry } from "../catalogue/entry";
import { folderAddress } from "../checkpoints/places";
import type { DownloadPlan } from "../common/download";

/**
 * @param modelsRoot absolute address that ends in a slash, with a folder for each model that ships with the page
 * @returns undefined for models that do not ship with the app
 */
export function embeddedPlan({ id, title, license, base, files }: CatalogueEntry, modelsRoot: string): DownloadPlan | undefined {
  if (base?.revision !== "" || files === undefined) return undefined;
  const planned = files.map(({ path, byteLength, sha256 }) => ({ path, byteLength, hash: { algorithm: "sha256" as const, hex: sha256 } }));
  const addresses = [folderAddress(base.repository, modelsRoot)];
  return { model: id, title, license, repositories: [{ ...base, commit: "", addresses, files: planned }] };
}
