// The vault itself: models over files. Each operation takes the locks that it needs, and leaves the rest to the parts beside this file.
import type { DamagedRange, DownloadPlan, HandedModel, KeptModel, PlannedRepository, Room } from "../common/download";
import { fileName, planBytes } from "../common/download";
import { OnestrokeError } from "../common/errors";
import { checkFile } from "./check-file";
import { missingRanges } from "./chunks";
import { fetchFile, isHere } from "./fetch-file";
import type { ReadableFile } from "./folder";
import { followModel } from "./follow";
import { fileSizes, hereBytes, keptModel } from "./kept";
import { holdUntilFreed } from "./locks";
import { keptFiles } from "./open-kept";
import { reserve } from "./reserve";
import { sweepKept } from "./sweep";
import { Tally } from "./tally";
import { LOCKS, type VaultTools } from "./tools";
import { BLOB_ADDRESS, blobTransfer } from "./transfer/blob-fetcher";
import { orderMirrors } from "./transfer/mirrors";
import type { OpenModel, Vault, VaultHooks } from "./vault";
import { wantedFiles, type WantedFile } from "./wanted-file";

/** What the browser says of its storage; undefined where there is no browser. */
type StorageFacts = Pick<StorageManager, "estimate" | "persisted">;

export function fileVault(tools: VaultTools, isKept: boolean, storage?: StorageFacts): Vault {
  const { journal, locks, folder, news } = tools;

  async function kept(plan: DownloadPlan): Promise<KeptModel> {
    const { files } = await journal.contents();
    return keptModel(plan, files, await fileSizes(tools));
  }

  /** Runs `work` with the model to itself. */
  function alone<T>(model: string, { signal, onProgress }: VaultHooks, totalBytes: number, work: () => Promise<T>): Promise<T> {
    const onWait = (): void => onProgress?.({ file: model, hereBytes: 0, totalBytes, waiting: "another tab" });
    return locks.hold(LOCKS.fetching(model), "exclusive", work, { signal, onWait });
  }

  /** Remembers a plan before anything is fetched for it. The plan of a complete model stays the one to draw with until then. */
  async function begin(plan: DownloadPlan): Promise<void> {
    await locks.hold(LOCKS.keeping, "exclusive", async () => {
      const known = await journal.model(plan.model);
      const isReplaced = known !== undefined && (await kept(known.plan)).isComplete && !isSame(known.plan, plan);
      await journal.putModel(plan.model, isReplaced ? { plan: known.plan, next: plan } : { plan });
    });
  }

  /** The plan is complete. What only an older one needed may go. */
  async function end(plan: DownloadPlan): Promise<void> {
    await locks.hold(LOCKS.keeping, "exclusive", async () => {
      await journal.putModel(plan.model, { plan });
      await journal.begin();
      await sweepKept(tools);
    });
  }

  /** @param files where the model is copied from; without them it is fetched from its addresses */
  async function fetchAll(plan: DownloadPlan, hooks: VaultHooks, files?: HandedModel["files"]): Promise<KeptModel> {
    const { signal, onProgress } = hooks;
    const known = await journal.model(plan.model);
    const before = await kept(plan);
    const wanted = await wantedFiles(plan);
    if (before.isComplete && known !== undefined && isSame(known.plan, plan)) {
      for (const file of wanted) await give(file, hooks);
      return before;
    }
    await begin(plan);
    const { files: rows } = await journal.contents();
    const tally = new Tally(planBytes(plan), await hereBytes(plan, rows, await fileSizes(tools)), (progress) => {
      news.tell({ model: plan.model, bytes: { here: progress.hereBytes, total: progress.totalBytes } });
      onProgress?.(progress);
    });
    await reserve(wanted, tools);
    const mirrors = new Map<PlannedRepository, readonly string[]>();
    const bring = async (file: WantedFile): Promise<void> => {
      const { repository, planned } = file;
      const onChunk = (): void => news.tell({ model: plan.model, part: file.name });
      if (await isHere(planned.byteLength, await journal.file(file.id), tools)) return;
      if (files !== undefined) {
        const transfer = blobTransfer(tools.transfer, (path) => files.get(fileName(repository, path)));
        return fetchFile(file, [BLOB_ADDRESS], { ...tools, transfer }, { signal, tally, onChunk });
      }
      if (repository.addresses.length === 0) throw notHereAnyMore(plan);
      const ordered = mirrors.get(repository) ?? (await orderMirrors(repository.addresses, planned.path, tools.transfer, signal));
      mirrors.set(repository, ordered);
      return fetchFile(file, ordered, tools, { signal, tally, onChunk });
    };
    // What is read first is small: configurations, tokenizers, text encoders. The largest network comes last.
    for (const file of wanted.toSorted((left, right) => left.planned.byteLength - right.planned.byteLength)) {
      await bring(file);
      news.tell({ model: plan.model, whole: file.name });
      await give(file, hooks);
    }
    await end(plan);
    const after = await kept(plan);
    if (!after.isComplete) throw new OnestrokeError("storage-cleared", `files of ${plan.title} were gone before the last one had come`);
    return after;
  }

  /** Hands out a file that is whole. */
  async function give({ id, name }: WantedFile, { onFile }: VaultHooks): Promise<void> {
    if (onFile === undefined) return;
    const file = await folder.read((await journal.file(id))?.sha256 ?? "");
    if (file === undefined) throw new OnestrokeError("storage-cleared", `${name} was gone before it was read`);
    await onFile(name, file);
  }

  /**
   * The model's plan, if every file of it is complete.
   * @param files takes the files, by name, as far as they were found
   */
  async function complete<File>(
    model: string,
    get: (name: string) => Promise<File | undefined>,
    files: Map<string, File>,
  ): Promise<DownloadPlan | undefined> {
    const plan = (await journal.model(model))?.plan;
    for (const { id, name, planned } of plan === undefined ? [] : await wantedFiles(plan)) {
      const row = await journal.file(id);
      const file = row?.sha256 !== undefined && (await isHere(planned.byteLength, row, tools)) ? await get(row.sha256) : undefined;
      if (file === undefined) return undefined;
      files.set(name, file);
    }
    return plan;
  }

  /** The files of a model of which every file is complete; undefined where one is not. */
  async function openComplete(model: string): Promise<OpenModel | undefined> {
    const free = await holdUntilFreed(locks, LOCKS.drawing(model));
    const files = new Map<string, ReadableFile>();
    const release = async (): Promise<void> => {
      for (const file of files.values()) await file.close();
      await free();
    };
    try {
      const plan = await complete(model, (name) => folder.read(name), files);
      if (plan !== undefined) return { ...keptFiles(plan, files), arrived: async () => true, release };
    } catch (thrown) {
      await release();
      throw thrown;
    }
    await release();
    return undefined;
  }

  return {
    isKept,

    list: async () => {
      const { models, files } = await journal.contents();
      const sizes = await fileSizes(tools);
      return Promise.all([...models.values()].map(({ plan }) => keptModel(plan, files, sizes)));
    },

    fetch: (plan, hooks = {}) => alone(plan.model, hooks, planBytes(plan), () => fetchAll(plan, hooks)),

    copy: ({ plan, files }, hooks = {}) =>
      alone(plan.model, hooks, planBytes(plan), async () => {
        try {
          return await fetchAll(plan, hooks, files);
        } catch (thrown) {
          const error = OnestrokeError.from(thrown, "storage-cleared");
          throw IS_ABOUT_THE_SOURCE.has(error.code) ? notHereAnyMore(plan, error) : error;
        }
      }),

    // A download may end after the first look and before it is followed: then everything is here at the last.
    open: async (model, hooks) => (await openComplete(model)) ?? (await followModel(model, tools, hooks)) ?? openComplete(model),

    handOver: async (model): Promise<HandedModel | undefined> => {
      if (isKept) return undefined;
      const files = new Map<string, Blob>();
      const plan = await complete(model, (name) => folder.blob(name), files);
      return plan && { plan, files };
    },

    verify: async (model, hooks = {}) => {
      const row = await journal.model(model);
      if (row === undefined) throw new OnestrokeError("model-missing", `nothing of ${model} is kept on this device`, { model });
      return alone(model, hooks, planBytes(row.plan), async () => {
        const tally = new Tally(planBytes(row.plan), new Map(), hooks.onProgress);
        const damaged: DamagedRange[] = [];
        for (const { id, name, planned } of await wantedFiles(row.plan)) {
          await locks.hold(LOCKS.file(id), "exclusive", async () => {
            const file = await journal.file(id);
            const onChunk = (byteLength: number, isRight: boolean): void => tally.add(name, isRight ? byteLength : 0);
            const checked = file?.isComplete === true ? await checkFile(id, file, tools, { signal: hooks.signal, onChunk }) : file;
            const ranges = checked === undefined ? [{ begin: 0, end: planned.byteLength }] : missingRanges(checked);
            damaged.push(...ranges.map((range) => ({ file: name, ...range })));
          });
        }
        return { ...(await kept(row.plan)), damaged };
      });
    },

    remove: async (model) => {
      const done = await locks.tryHold(LOCKS.drawing(model), "exclusive", () =>
        locks.tryHold(LOCKS.fetching(model), "exclusive", () =>
          locks.hold(LOCKS.keeping, "exclusive", async () => {
            const row = await journal.model(model).catch(() => undefined);
            const wanted = row === undefined ? [] : await wantedFiles(row.plan);
            await journal.deleteModel(model);
            await sweepKept(tools, new Set(wanted.map(({ id }) => id)));
          }),
        ),
      );
      if (done?.value === undefined) {
        throw new OnestrokeError("busy-elsewhere", `${model} is being drawn with, downloaded or checked`, {
          model,
          remedy: "Choose another model here, or wait until the other tab has finished, or close it.",
        });
      }
    },

    room: async (): Promise<Room> => {
      const sizes = await fileSizes(tools);
      const { usage = 0, quota = 0 } = (await storage?.estimate().catch(() => undefined)) ?? {};
      const isPersistent = (await storage?.persisted().catch(() => false)) === true;
      return {
        usedBytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
        freeBytes: Math.max(0, quota - usage),
        // "No" is also what a browser says that was never asked.
        isPersistent: isPersistent ? true : undefined,
      };
    },
  };
}

/** What copying says of a file that moved or changed meanwhile. */
const IS_ABOUT_THE_SOURCE: ReadonlySet<string> = new Set(["download-failed", "download-stalled", "model-missing", "model-corrupt"]);

function notHereAnyMore({ model, title }: DownloadPlan, cause?: unknown): OnestrokeError {
  const remedy = "Open its folder again, and copy it once more: what has arrived stays.";
  return new OnestrokeError("model-missing", `the folder that ${title} is copied from cannot be read any more`, { model, remedy }, cause);
}

function isSame(left: DownloadPlan, right: DownloadPlan): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
