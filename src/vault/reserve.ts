// Takes the room for all that is missing of a model before the first byte of it is fetched: what a browser says of free room proves
// nothing, and whoever waited for gigabytes should not hear at the last file that they do not fit.
import { fileIsThere } from "./fetch-file";
import { Part } from "./part";
import { LOCKS, type VaultTools } from "./tools";
import { partName, type WantedFile } from "./wanted-file";

/** @throws OnestrokeError `storage-full`, and what was taken is given back; `storage-cleared` */
export async function reserve(files: readonly WantedFile[], tools: VaultTools): Promise<void> {
  const taken: WantedFile[] = [];
  try {
    // The largest first, because it is refused first.
    for (const file of files.toSorted((left, right) => right.planned.byteLength - left.planned.byteLength)) {
      // Whoever writes the file for another model has reserved it.
      const done = await tools.locks.tryHold(LOCKS.file(file.id), "exclusive", () => reserveFile(file, tools));
      if (done?.value === true) taken.push(file);
    }
  } catch (thrown) {
    for (const { id } of taken) await tools.locks.tryHold(LOCKS.file(id), "exclusive", () => giveBack(id, tools));
    throw thrown;
  }
}

/** @returns whether there was nothing of it yet */
async function reserveFile(file: WantedFile, tools: VaultTools): Promise<boolean> {
  const row = await tools.journal.file(file.id);
  if (await fileIsThere(file, row, tools)) return false;
  const part = await Part.open(file, row, tools);
  await part.close();
  return true;
}

async function giveBack(id: string, { folder, journal }: VaultTools): Promise<void> {
  const row = await journal.file(id);
  if (row === undefined || row.sha256 !== undefined || row.digests.some((digest) => digest !== undefined)) return;
  await journal.deleteFile(id);
  await folder.remove(partName(id));
}
