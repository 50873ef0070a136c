// The hub's cache folder: for each repository the files by their hash (`blobs`), for each commit links to them under their own names
// (`snapshots`), and for each branch and tag the commit it was last time (`refs`).
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RepositoryAt } from "../../catalogue/entry";
import type { ByteStore } from "../../checkpoints/byte-source";
import { nodeStore } from "../../checkpoints/node-file";
import { isCommit } from "../../hub/repository-name";

const PREFIX = "models--";

export interface RepositoryFolder {
  readonly root: string;
  readonly blobs: string;
  readonly snapshots: string;
  readonly refs: string;
}

export function repositoryFolder(cache: string, repository: string): RepositoryFolder {
  const root = join(cache, `${PREFIX}${repository.replaceAll("/", "--")}`);
  return { root, blobs: join(root, "blobs"), snapshots: join(root, "snapshots"), refs: join(root, "refs") };
}

/** The repositories that have a folder in the cache. */
export async function cachedRepositories(cache: string): Promise<readonly string[]> {
  const names = await readdir(cache).catch(() => []);
  return names
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => name.slice(PREFIX.length).replace("--", "/"))
    .toSorted();
}

/** The commit that a revision was when it was last looked up; undefined where it never was. */
export async function cachedCommit(cache: string, { repository, revision }: RepositoryAt): Promise<string | undefined> {
  if (isCommit(revision)) return revision;
  const text = await readFile(join(repositoryFolder(cache, repository).refs, revision), "utf8").catch(() => "");
  return isCommit(text.trim()) ? text.trim() : undefined;
}

/** What is here of a repository at a revision; it may lack files. */
export async function cachedStore(
  cache: string,
  at: RepositoryAt,
): Promise<(ByteStore & { readonly folder: string; readonly commit: string }) | undefined> {
  const commit = await cachedCommit(cache, at);
  if (commit === undefined) return undefined;
  const folder = join(repositoryFolder(cache, at.repository).snapshots, commit);
  const isThere = await stat(folder)
    .then((found) => found.isDirectory())
    .catch(() => false);
  return isThere ? { ...nodeStore(folder), name: at.repository, folder, commit } : undefined;
}
