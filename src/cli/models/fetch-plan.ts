// Carries out a download plan into the cache folder: files that are missing, a few at a time, then the names under which they are found.
import { copyFile, mkdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { createHash } from "node:crypto";
import {
  fileName,
  planBytes,
  type DownloadPlan,
  type DownloadProgress,
  type PlannedFile,
  type PlannedRepository,
} from "../../common/download";
import { isCommit } from "../../hub/repository-name";
import { Tally } from "../../vault/tally";
import { fileAddress } from "../../vault/transfer/mirrors";
import { createTransfer, type Transfer } from "../../vault/transfer/transfer";
import { repositoryFolder } from "./cache-layout";
import { fetchFile, hereBytes, type FileToFetch } from "./fetch-file";
import { storing } from "./storing";

export interface FetchPlanOptions {
  readonly cache: string;
  /** `fetch` with the hub's token, where there is one. */
  readonly fetcher: typeof fetch;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly transfer?: Partial<Transfer> | undefined;
}

/** Each file comes over one connection, in order; this many files come at once. */
const LANES = 4;

/** @throws OnestrokeError as `fetchFile`; what has arrived is kept */
export async function fetchPlan(plan: DownloadPlan, options: FetchPlanOptions): Promise<void> {
  const { cache, fetcher, signal, onProgress, transfer } = options;
  const files = plan.repositories
    .flatMap((repository) => repository.files.map((file) => wantedFile(cache, repository, file)))
    // The largest first: the others come beside it.
    .toSorted((left, right) => right.file.byteLength - left.file.byteLength);
  const here = await Promise.all(files.map(async (wanted) => [wanted.name, await hereBytes(wanted)] as const));
  const tally = new Tally(planBytes(plan), new Map(here), onProgress);
  const using = createTransfer({ fetcher, ...transfer });
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const queue = [...files];
  /** Files with the same content, such as the vocabularies of two tokenizers, are one blob, and come once. */
  const coming = new Map<string, Promise<string>>();
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !stop.signal.aborted; next = queue.shift()) {
      const { name, file, blobs, key, repository } = next;
      const id = join(blobs, file.hash?.hex ?? key);
      const hooks = {
        signal: stopped,
        onBytes: (count: number) => tally.add(name, count),
        onWait: (reason: "retry" | "offline") => tally.wait(name, reason),
      };
      const fetching = coming.get(id) ?? fetchFile(next, hooks, using);
      coming.set(id, fetching);
      await link(cache, repository, file, await fetching);
      tally.set(name, file.byteLength);
    }
  };
  // The first failure stops the others, and is the one that is told.
  let failure: { readonly thrown: unknown } | undefined;
  const lanes = Array.from({ length: LANES }, () =>
    lane().catch((thrown: unknown) => {
      failure ??= { thrown };
      stop.abort();
    }),
  );
  await Promise.all(lanes);
  if (failure !== undefined) throw failure.thrown;
  for (const repository of plan.repositories) await writeRef(cache, repository);
}

function wantedFile(
  cache: string,
  repository: PlannedRepository,
  file: PlannedFile,
): FileToFetch & { readonly repository: PlannedRepository } {
  return {
    file,
    repository,
    name: fileName(repository, file.path),
    urls: repository.addresses.map((address) => fileAddress(address, file.path)),
    blobs: repositoryFolder(cache, repository.repository).blobs,
    key: createHash("sha256").update(`${repository.commit} ${file.path}`).digest("hex"),
  };
}

/** Gives a blob its name in the snapshot: a relative link, or a copy where the file system has no links. */
async function link(cache: string, { repository, commit }: PlannedRepository, { path }: PlannedFile, blob: string): Promise<void> {
  const name = join(repositoryFolder(cache, repository).snapshots, commit, path);
  const target = relative(dirname(name), blob);
  if ((await readlink(name).catch(() => undefined)) === target) return;
  await storing(name, async () => {
    await mkdir(dirname(name), { recursive: true });
    await rm(name, { force: true });
    await symlink(target, name).catch(() => copyFile(blob, name));
  });
}

async function writeRef(cache: string, { repository, revision, commit }: PlannedRepository): Promise<void> {
  if (isCommit(revision) || !isCommit(commit)) return;
  const ref = join(repositoryFolder(cache, repository).refs, revision);
  await storing(ref, async () => {
    await mkdir(dirname(ref), { recursive: true });
    await writeFile(ref, commit);
  });
}
