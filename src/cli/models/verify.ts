// Hashes the files of a model again. In the cache a file is called by its hash, so what it should be is known without the network.
import { realpath, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { PublishedHash } from "../../common/download";
import type { CachedModel } from "./cached-model";
import { hashOf } from "./fetch-file";

export interface Verified {
  readonly file: string;
  /** `unknown` where the file is a copy, whose name says nothing of its content. */
  readonly state: "right" | "wrong" | "unknown";
}

/**
 * Files that are wrong are removed, so that the next fetch brings them anew.
 * @param onFile hears each file as it is done
 */
export async function verifyModel(
  { read }: CachedModel,
  onFile: (file: Verified) => void,
  signal?: AbortSignal,
): Promise<readonly Verified[]> {
  const all: Verified[] = [];
  for (const { at, folder, files } of read) {
    for (const [path, byteLength] of files) {
      const link = join(folder, path);
      const blob = await realpath(link);
      const hash = hashInName(basename(blob));
      const isRight = hash !== undefined && (await hashOf(blob, { hash, byteLength }, signal)) === hash.hex;
      const done: Verified = { file: `${at.repository}/${path}`, state: hash === undefined ? "unknown" : isRight ? "right" : "wrong" };
      if (done.state === "wrong") await Promise.all([rm(link), rm(blob)]);
      onFile(done);
      all.push(done);
    }
  }
  return all;
}

function hashInName(name: string): PublishedHash | undefined {
  if (/^[0-9a-f]{64}$/.test(name)) return { algorithm: "sha256", hex: name };
  return /^[0-9a-f]{40}$/.test(name) ? { algorithm: "git-blob", hex: name } : undefined;
}
