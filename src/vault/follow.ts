// Opens a model that somebody else is fetching at this moment: a storage worker, in this tab or in another. Its files are read one by one,
// as soon as each is whole and proved, and large ones chunk by chunk before that. The lock of a download is free when it ends, however it
// ends; then either everything is here, or nothing more will come.
import type { DownloadPlan } from "../common/download";
import { OnestrokeError } from "../common/errors";
import { SerialQueue } from "../common/queue";
import type { ArrivingFiles } from "./arriving-files";
import { arrivingModel } from "./arriving-model";
import { EarlyFile } from "./early-file";
import { isHere } from "./fetch-file";
import { fileSizes, keptModel } from "./kept";
import { holdUntilFreed } from "./locks";
import { LOCKS, type VaultTools } from "./tools";
import type { OpenHooks, OpenModel } from "./vault";
import { wantedFiles, type WantedFile } from "./wanted-file";

/** So often the last word is said again where there is no news, such as while a server asks for minutes of patience. */
const REPEAT_MS = 20_000;

/** @returns undefined where nobody is fetching it */
export async function followModel(model: string, tools: VaultTools, hooks: OpenHooks = {}): Promise<OpenModel | undefined> {
  const { journal, locks } = tools;
  const isFree = await locks.tryHold(LOCKS.fetching(model), "shared", async () => undefined);
  const plan = isFree === undefined ? (await journal.model(model))?.plan : undefined;
  if (plan === undefined) return undefined;
  return arrivingModel(plan, (arriving, signal) => follow(plan, tools, arriving, { ...hooks, signal }), hooks.signal);
}

/** @throws OnestrokeError `model-missing` where the download ended before the model was whole; `storage-cleared`, `cancelled` */
async function follow(plan: DownloadPlan, tools: VaultTools, arriving: ArrivingFiles, hooks: OpenHooks): Promise<() => Promise<void>> {
  const { locks, news } = tools;
  const { model } = plan;
  const free = await holdUntilFreed(locks, LOCKS.drawing(model));
  const missing = new Map((await wantedFiles(plan)).map((wanted) => [wanted.name, wanted]));
  const early = new Map([...missing].map(([name, wanted]) => [name, new EarlyFile(wanted, tools)]));
  for (const [name, reads] of early) arriving.begin(name, reads);
  const looks = new SerialQueue();
  /** Takes what has come of these files, or of all that are missing. */
  const look = (files: Iterable<WantedFile> = missing.values()): Promise<void> =>
    looks.run(async () => {
      for (const wanted of files) if (await takeIfHere(wanted, tools, arriving, early.get(wanted.name))) missing.delete(wanted.name);
    });
  /** A look that failed ends it all, as it would without news. */
  const failed = new AbortController();
  const progress = repeating(hooks);
  const stopListening = news.listen(({ model: of, whole, part, bytes }) => {
    if (of !== model) return;
    if (bytes !== undefined) progress.say(bytes.here, bytes.total);
    if (part !== undefined) arriving.more(part);
    const wanted = whole === undefined ? undefined : missing.get(whole);
    if (wanted !== undefined) look([wanted]).catch((thrown: unknown) => failed.abort(thrown));
  });
  const signal = hooks.signal === undefined ? failed.signal : AbortSignal.any([hooks.signal, failed.signal]);
  try {
    const { hereBytes, totalBytes } = await keptModel(plan, (await tools.journal.contents()).files, await fileSizes(tools));
    progress.say(hereBytes, totalBytes);
    await look();
    await locks.hold(LOCKS.fetching(model), "shared", async () => undefined, { signal });
    await look();
    if (missing.size > 0) throw stopped(plan);
    return free;
  } catch (thrown) {
    await free();
    throw failed.signal.aborted ? failed.signal.reason : thrown;
  } finally {
    stopListening();
    progress.end();
    // Nothing is taken after this.
    await looks.run(async () => undefined);
    for (const reads of early.values()) await reads.end();
  }
}

/** @returns whether it is whole, and was given to `arriving` */
async function takeIfHere(
  { id, name, planned }: WantedFile,
  tools: VaultTools,
  arriving: ArrivingFiles,
  early: EarlyFile | undefined,
): Promise<boolean> {
  const row = await tools.journal.file(id);
  if (row?.sha256 === undefined || !(await isHere(planned.byteLength, row, tools))) return false;
  const file = await tools.folder.read(row.sha256);
  if (file === undefined) return false;
  await arriving.take(name, file, await early?.end(row));
  return true;
}

/** Passes on how far the download is, and says it again from time to time: whoever waits must not take a slow server for a dead worker. */
function repeating({ onProgress }: OpenHooks): { say(hereBytes: number, totalBytes: number): void; end(): void } {
  let last: (() => void) | undefined;
  const timer = setInterval(() => last?.(), REPEAT_MS);
  return {
    say: (hereBytes, totalBytes) => {
      last = () => onProgress?.(hereBytes, totalBytes);
      last();
    },
    end: () => clearInterval(timer),
  };
}

function stopped({ model, title }: DownloadPlan): OnestrokeError {
  return new OnestrokeError("model-missing", `the download of ${title} stopped before all of it was here`, {
    model,
    notHere: true,
    remedy: "Go on with the download, in the list of models. What has arrived stays.",
  });
}
