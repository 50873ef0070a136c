// Deletes what nobody needs: the swap files of a killed browser, parts without a row, files that no model names. Rows go first, so that a
// crash in between leaves a file too many and never one too few.
import { OnestrokeError } from "../common/errors";
import type { JournalContents } from "./journal";
import { LOCKS, type VaultTools } from "./tools";
import { partName, wantedFiles } from "./wanted-file";

const CONTENT_NAME = /^[0-9a-f]{64}$/;

/** @param forgotten rows of files of a model that was just removed @throws OnestrokeError `storage-cleared` */
export async function sweep(tools: VaultTools, forgotten: ReadonlySet<string> = new Set()): Promise<void> {
  await tools.locks.hold(LOCKS.keeping, "exclusive", () => sweepKept(tools, forgotten));
}

/** The same for those who hold the lock `keeping` already. */
export async function sweepKept({ folder, journal }: VaultTools, forgotten: ReadonlySet<string> = new Set()): Promise<void> {
  // The names come first: the row of a part that appears after this is in the journal by the time that is read.
  const names = await folder.names();
  const contents = await journal.contents();
  if (contents.damaged.length > 0) await journal.drop(contents.damaged);
  const needed = await neededFiles(contents);
  const knowsAll = contents.isWhole && contents.damaged.length === 0;
  const kept = new Set<string>();
  for (const [id, row] of contents.files) {
    const isFree = !needed.has(id) && !contents.hasNewer && (knowsAll || forgotten.has(id));
    if (isFree) await journal.deleteFile(id);
    else for (const name of [partName(id), row.sha256]) if (name !== undefined) kept.add(name);
  }
  const free = new Set([...forgotten].filter((id) => !needed.has(id)).map((id) => contents.files.get(id)?.sha256));
  for (const name of names) {
    if (kept.has(name) || contents.hasNewer) continue;
    // Where rows were lost, whole files wait for somebody who asks for them by their hash.
    if (CONTENT_NAME.test(name) && !knowsAll && !free.has(name)) continue;
    await removeUnlessOpen(name);
  }

  /** A file that somebody has open goes with a later sweep. */
  async function removeUnlessOpen(name: string): Promise<void> {
    try {
      await folder.remove(name);
    } catch (thrown) {
      if (!(thrown instanceof OnestrokeError && thrown.code === "busy-elsewhere")) throw thrown;
    }
  }
}

async function neededFiles({ models }: JournalContents): Promise<ReadonlySet<string>> {
  const plans = [...models.values()].flatMap(({ plan, next }) => (next === undefined ? [plan] : [plan, next]));
  const wanted = await Promise.all(plans.map(wantedFiles));
  return new Set(wanted.flat().map(({ id }) => id));
}
