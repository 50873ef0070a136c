// Which version of a model's files there is, in a few digits that a recipe can say.

/** So many digits tell the versions of one model apart, and can be read in a link. */
const REVISION_DIGITS = 12;

export function isRevision(value: unknown): value is string {
  return typeof value === "string" && value.length === REVISION_DIGITS && /^[0-9a-f]*$/.test(value);
}

/** @param hash in hexadecimal, of a file that is told apart from others of its name */
export function revisionOfHash(hash: string): string {
  return hash.slice(0, REVISION_DIGITS);
}

/** @returns undefined for what is no commit, as the name of a branch */
export function revisionOfCommit(commit: string): string | undefined {
  return /^[0-9a-f]{40}$/.test(commit) ? commit.slice(0, REVISION_DIGITS) : undefined;
}

/**
 * The version of files that have no commit: a sum over their hashes, so that it is another one where a file is.
 * @param hashes in hexadecimal
 * @returns undefined where a file has none
 */
export function revisionOfFiles(hashes: readonly (string | undefined)[]): string | undefined {
  let sum = 0n;
  for (const hash of hashes) {
    if (hash === undefined) return undefined;
    sum += BigInt(`0x${hash.slice(0, REVISION_DIGITS)}`);
  }
  return hashes.length === 0 ? undefined : (sum % 16n ** BigInt(REVISION_DIGITS)).toString(16).padStart(REVISION_DIGITS, "0");
}
