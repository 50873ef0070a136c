// Names of repositories as people type them, and what is wrong with one that is none.
import type { RepositoryAt } from "../catalogue/entry";
import { OnestrokeError } from "../common/errors";
import { shown } from "../common/json";
import { isRepository, isRevision } from "../common/repository-name";

/** The branch that a repository is read from when nobody names one. */
export const DEFAULT_REVISION = "main";

export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/** Whether a text can only be meant as a repository's name. It may still be a bad one. */
export function looksLikeRepository(text: string): boolean {
  return /^[\w.-]+\/[\w.-]+(?:@.*)?$/.test(text) && !/^\.{1,2}\//.test(text);
}

/** @throws OnestrokeError `invalid-input` that shows the name */
export function parseRepositoryName(text: string): RepositoryAt {
  const [repository = "", ...rest] = text.trim().split("@");
  const revision = rest.length === 0 ? DEFAULT_REVISION : rest.join("@");
  checkRepository({ repository, revision });
  return { repository, revision };
}

/** The same for a name that comes in two parts, from a catalogue or a file. */
export function checkRepository({ repository, revision }: RepositoryAt): void {
  if (!isRepository(repository)) throw badName(`${shown(repository)} is not the name of a repository`);
  if (!isRevision(revision)) throw badName(`${shown(revision)} is not a branch, a tag or a commit of ${repository}`);
}

/** `owner/name`, or `owner/name@revision` where it is not the usual branch. */
export function repositoryName({ repository, revision }: RepositoryAt): string {
  return revision === DEFAULT_REVISION || revision === "" ? repository : `${repository}@${revision}`;
}

function badName(problem: string): OnestrokeError {
  return new OnestrokeError("invalid-input", problem, {
    field: "model",
    remedy: "Write it as owner/name, or as owner/name@revision, as the address of its page on the hub ends.",
  });
}
