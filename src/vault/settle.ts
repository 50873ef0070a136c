// Reads every file once more in a later session than the one that wrote it. A browser or a machine that died then may not have brought to
// the disk what it promised, and a picture drawn from half a file would be noise.
import { checkFile } from "./check-file";
import { LOCKS, type VaultTools } from "./tools";

/** @throws OnestrokeError `storage-cleared`, `cancelled` */
export async function settle(tools: VaultTools, signal?: AbortSignal): Promise<void> {
  const { files } = await tools.journal.contents();
  for (const [id, row] of files) {
    if (!row.isComplete || row.isSettled) continue;
    // A file that is busy is settled another time.
    await tools.locks.tryHold(LOCKS.file(id), "exclusive", async () => {
      const now = await tools.journal.file(id);
      if (now?.isComplete === true && !now.isSettled) await checkFile(id, now, tools, { signal });
    });
  }
}
