// Brings one file into the vault, whatever state an earlier attempt, a crash or another model left it in.
import { OnestrokeError, throwIfCancelled } from "../common/errors";
import { provedBytes, readChunk } from "./chunks";
import { sha256, StreamingHash } from "./digest";
import type { FileRow } from "./journal-rows";
import { emptyRow, Part } from "./part";
import type { Tally } from "./tally";
import { LOCKS, type VaultTools } from "./tools";
import { fetchChunks } from "./transfer/fetch-chunks";
import { fileAddress } from "./transfer/mirrors";
import { partName, type WantedFile } from "./wanted-file";

interface FileHooks {
  readonly signal?: AbortSignal | undefined;
  readonly tally: Tally;
  /** Called when another chunk of it is kept. */
  readonly onChunk: () => void;
}

/**
 * @param addresses of its repository, the preferred one first
 * @throws OnestrokeError as `Vault.fetch`
 */
export async function fetchFile(wanted: WantedFile, addresses: readonly string[], tools: VaultTools, hooks: FileHooks): Promise<void> {
  const { id, name, planned } = wanted;
  const { signal, tally } = hooks;
  const onWait = (): void => tally.wait(name, "another tab");
  await tools.locks.hold(
    LOCKS.file(id),
    "exclusive",
    async () => {
      const known = await tools.journal.file(id);
      if (await isHere(planned.byteLength, known, tools)) return;
      if (known?.sha256 === undefined && (await adopt(wanted, tools, signal))) return;
      const part = await Part.open(wanted, known, tools);
      try {
        await fill(part, wanted, addresses, tools, hooks);
      } finally {
        await part.close();
      }
      await complete(wanted, part.row, tools);
    },
    { signal, onWait },
  );
  tally.set(name, planned.byteLength);
}

/** Whether a file is complete, by its row and by what is on the disk. */
export async function isHere(byteLength: number, row: FileRow | undefined, { folder }: VaultTools): Promise<boolean> {
  return (
    row?.isComplete === true && row.sha256 !== undefined && row.byteLength === byteLength && (await folder.size(row.sha256)) === byteLength
  );
}

/** Whether a file takes its room already, complete or not, under one of the names that it may have. */
export async function fileIsThere({ id, planned }: WantedFile, row: FileRow | undefined, { folder }: VaultTools): Promise<boolean> {
  const { hash, byteLength } = planned;
  for (const name of [partName(id), row?.sha256, hash?.algorithm === "sha256" ? hash.hex : undefined]) {
    if (name !== undefined && (await folder.size(name)) === byteLength) return true;
  }
  return false;
}

/**
 * Takes over a file whose row was lost. Its name says what it should be, and its bytes whether it is.
 * @returns whether there was such a file, and it was right
 */
async function adopt({ id, planned }: WantedFile, { folder, journal, chunkBytes }: VaultTools, signal?: AbortSignal): Promise<boolean> {
  const { hash, byteLength } = planned;
  if (hash?.algorithm !== "sha256" || (await folder.size(hash.hex)) !== byteLength) return false;
  const file = await folder.read(hash.hex);
  if (file === undefined) return false;
  try {
    const row = emptyRow(byteLength, chunkBytes);
    const whole = await StreamingHash.begin();
    const digests: string[] = [];
    const buffer = new Uint8Array(Math.min(chunkBytes, byteLength));
    for (const index of row.digests.keys()) {
      throwIfCancelled(signal);
      const bytes = await readChunk(file, row, index, buffer);
      digests.push(await sha256(bytes));
      whole.update(bytes);
    }
    if (whole.end() !== hash.hex) return false;
    await journal.putFile(id, { ...row, digests, sha256: hash.hex, isComplete: true, isSettled: true });
    return true;
  } finally {
    await file.close();
  }
}

/** Fetches what is missing, and the whole file a second time where it does not have the published hash. */
async function fill(part: Part, wanted: WantedFile, addresses: readonly string[], tools: VaultTools, hooks: FileHooks): Promise<void> {
  const { name, planned } = wanted;
  const { byteLength, chunkBytes } = part.row;
  const urls = addresses.map((address) => fileAddress(address, planned.path));
  for (;;) {
    hooks.tally.set(name, provedBytes(part.row));
    // What one mirror has wrong another may have right.
    const mirrors = part.row.isSecondTry ? [...urls.slice(1), ...urls.slice(0, 1)] : urls;
    await fetchChunks(
      { urls: mirrors, byteLength, chunkBytes },
      part.missing,
      {
        signal: hooks.signal,
        onBytes: (count) => hooks.tally.add(name, count),
        onWait: (reason) => hooks.tally.wait(name, reason),
        onChunk: async (index, bytes) => {
          await part.keep(index, bytes);
          hooks.onChunk();
        },
      },
      tools.transfer,
    );
    if (await part.end()) return;
    if (part.row.isSecondTry) {
      await tools.journal.deleteFile(wanted.id);
      throw new OnestrokeError("model-corrupt", `${name} came twice with another hash than the published one`, { file: name });
    }
    await part.startOver();
  }
}

/** Gives a finished part its last name. Its row says so before and after, and so the file is found wherever a crash comes between. */
async function complete({ id }: WantedFile, row: FileRow, { folder, journal, locks }: VaultTools): Promise<void> {
  const { hashed: _, ...whole } = row;
  const { byteLength, sha256: name } = whole;
  if (name === undefined || (await folder.size(partName(id))) !== byteLength) {
    throw new OnestrokeError("storage-cleared", "a file was gone before it was finished");
  }
  await locks.hold(LOCKS.part(id), "exclusive", async () => {
    try {
      await folder.move(partName(id), name);
    } catch (thrown) {
      // The same bytes are open for drawing already: another model brought them.
      const isOpen = thrown instanceof OnestrokeError && thrown.code === "busy-elsewhere";
      if (!isOpen || (await folder.size(name)) !== byteLength) throw thrown;
      await folder.remove(partName(id));
    }
  });
  await journal.putFile(id, { ...whole, isComplete: true });
}
