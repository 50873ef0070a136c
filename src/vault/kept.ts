// What the vault holds of its models. A row alone proves nothing: its file must be there, and have its length.
import { planBytes, type DownloadPlan, type KeptModel } from "../common/download";
import { provedBytes } from "./chunks";
import type { FileRow } from "./journal-rows";
import type { VaultTools } from "./tools";
import { partName, wantedFiles } from "./wanted-file";

/** Lengths of all files by their names, at one moment. */
export type Sizes = ReadonlyMap<string, number>;

export async function fileSizes({ folder }: VaultTools): Promise<Sizes> {
  const sizes = new Map<string, number>();
  for (const name of await folder.names()) {
    const size = await folder.size(name);
    if (size !== undefined) sizes.set(name, size);
  }
  return sizes;
}

export async function keptModel(plan: DownloadPlan, files: ReadonlyMap<string, FileRow>, sizes: Sizes): Promise<KeptModel> {
  const wanted = await wantedFiles(plan);
  const states = wanted.map(({ id, planned }) => stateOf(id, planned.byteLength, files.get(id), sizes));
  return {
    plan,
    isComplete: states.every(({ isComplete }) => isComplete),
    hereBytes: states.reduce((sum, { hereBytes }) => sum + hereBytes, 0),
    totalBytes: planBytes(plan),
    isChecked: wanted.every(({ planned }) => planned.hash !== undefined),
  };
}

/** What is here of each file of a plan, by its name for people. */
export async function hereBytes(
  plan: DownloadPlan,
  files: ReadonlyMap<string, FileRow>,
  sizes: Sizes,
): Promise<ReadonlyMap<string, number>> {
  const wanted = await wantedFiles(plan);
  return new Map(wanted.map(({ id, name, planned }) => [name, stateOf(id, planned.byteLength, files.get(id), sizes).hereBytes]));
}

function stateOf(id: string, byteLength: number, row: FileRow | undefined, sizes: Sizes): { isComplete: boolean; hereBytes: number } {
  if (row?.byteLength !== byteLength) return { isComplete: false, hereBytes: 0 };
  const isWhole = row.sha256 !== undefined && sizes.get(row.sha256) === byteLength;
  if (!isWhole && sizes.get(partName(id)) !== byteLength) return { isComplete: false, hereBytes: 0 };
  return { isComplete: row.isComplete && isWhole, hereBytes: row.isComplete && !isWhole ? 0 : provedBytes(row) };
}
