// The version of a model's files: of a commit, or of the files' hashes.
import { describe, expect, test } from "vitest";
import { isRevision, revisionOfCommit, revisionOfFiles } from "./model-revision";

describe("the version", () => {
  test("of a repository is the beginning of its commit; a branch is none", () => {
    expect(revisionOfCommit("b261bac6fd2cf515557d5d0707481eafa0485ec2")).toBe("b261bac6fd2c");
    expect(revisionOfCommit("main")).toBeUndefined();
    expect(revisionOfCommit("")).toBeUndefined();
  });

  test("of files without a commit is another one where any of them is, whatever their order", () => {
    const hashes = ["f".repeat(64), "0845f1641fbb".padEnd(64, "0"), "f".repeat(64)];
    const revision = revisionOfFiles(hashes);
    expect(isRevision(revision)).toBe(true);
    expect(revisionOfFiles(hashes.toReversed())).toBe(revision);
    for (const at of hashes.keys()) expect(revisionOfFiles(hashes.with(at, "1".repeat(64)))).not.toBe(revision);
    expect(revisionOfFiles([...hashes, undefined])).toBeUndefined();
    expect(revisionOfFiles([])).toBeUndefined();
  });
});
