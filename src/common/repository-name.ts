// The names of the model hub's repositories: `owner/name`, or `owner/name@revision`. A name becomes a part of addresses and of folder
// names, so every character of it is checked before it becomes either.

/** The hub's own bound for owner and name together. */
const MOST_CHARACTERS = 96;
const MOST_REVISION_CHARACTERS = 120;

/** Letters, digits and `.-_`, without `--` and `..`, and with none of `.-` at either end. */
const PART = /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?$/;

/** A branch, a tag or a commit, as git allows them, less what would steer an address. */
const REVISION = /^(?!.*(?:\.\.|\/\/))[\w.+-](?:[\w.+/-]*[\w.+-])?$/;

export function isRepository(text: string): boolean {
  const parts = text.split("/");
  return parts.length === 2 && text.length <= MOST_CHARACTERS && parts.every((part) => PART.test(part));
}

export function isRevision(text: string): boolean {
  return text.length <= MOST_REVISION_CHARACTERS && REVISION.test(text);
}

/** Whether a text is `owner/name` or `owner/name@revision`. */
export function isRepositoryName(text: string): boolean {
  const [repository = "", ...revision] = text.split("@");
  return isRepository(repository) && (revision.length === 0 || isRevision(revision.join("@")));
}
