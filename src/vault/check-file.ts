// Hashes a kept file again. What is wrong in it counts as missing from then on: rotten chunks are fetched anew, and the others stay.
import { provedDigests } from "./chunks";
import type { FileRow } from "./journal-rows";
import type { VaultTools } from "./tools";

interface CheckHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onChunk?: (byteLength: number, isRight: boolean) => void;
}

/** The caller holds the file's lock. @returns the row as it is afterwards @throws OnestrokeError `storage-cleared`, `cancelled` */
export async function checkFile(id: string, row: FileRow, { folder, journal }: VaultTools, hooks: CheckHooks = {}): Promise<FileRow> {
  const file = row.sha256 === undefined ? undefined : await folder.read(row.sha256);
  try {
    const isThere = file?.byteLength === row.byteLength;
    const digests = file !== undefined && isThere ? await provedDigests(row, file, hooks) : row.digests.map(() => undefined);
    const isRight = isThere && !digests.includes(undefined);
    const checked = { ...row, digests, isComplete: isRight, isSettled: isRight };
    await journal.putFile(id, checked);
    return checked;
  } finally {
    await file?.close();
  }
}
