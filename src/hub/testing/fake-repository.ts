// Repositories of the fake hub: files with the hashes and the commit that a real one would publish.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface FakeRepository {
  /** By path, or a folder that holds them. */
  readonly files: Readonly<Record<string, Uint8Array | string>> | string;
  /** The commit of its main branch, for those that the catalogue names; else it follows from the files. */
  readonly commit?: string;
  /** Other branches and tags, with their own files. */
  readonly revisions?: Readonly<Record<string, Readonly<Record<string, Uint8Array | string>>>>;
  /** The hub's words for who lets people in. */
  readonly gated?: "auto" | "manual";
  readonly isPrivate?: boolean;
  readonly license?: string;
}

export interface FakeFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Of git: SHA-1 over a header and the bytes. */
  readonly gitHash: string;
  readonly sha256: string;
  /** Whether it is kept beside git, as the hub keeps large and binary files. */
  readonly isLarge: boolean;
}

export interface FakeCommit {
  readonly sha: string;
  readonly files: ReadonlyMap<string, FakeFile>;
}

const LARGE = /\.(?:safetensors|bin|onnx|onnx_data|pb|ckpt|pt|msgpack|data)$/;

export function commitOf(name: string, files: FakeRepository["files"]): FakeCommit {
  const given = typeof files === "string" ? readFolder(files) : Object.entries(files);
  const read = given.map(([path, content]) => fakeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content));
  const hash = createHash("sha1").update(name);
  for (const { path, sha256 } of read) hash.update(`${path} ${sha256}\n`);
  return { sha: hash.digest("hex"), files: new Map(read.map((file) => [file.path, file])) };
}

function fakeFile(path: string, bytes: Uint8Array): FakeFile {
  const gitHash = createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { path, bytes, gitHash, sha256, isLarge: LARGE.test(path) };
}

function readFolder(folder: string): readonly (readonly [string, Uint8Array])[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => statSync(join(folder, path)).isFile())
    .toSorted()
    .map((path) => [path, readFileSync(join(folder, path))] as const);
}

/** A tree as the hub lists it: folders too, and of large files the pointer's hash beside the file's. */
export function treeOf({ files }: FakeCommit): readonly object[] {
  const folders = new Set(
    [...files.keys()].flatMap((path) =>
      path
        .split("/")
        .slice(0, -1)
        .map((_, i, all) => all.slice(0, i + 1).join("/")),
    ),
  );
  const directories = [...folders].map((path) => ({
    type: "directory",
    oid: createHash("sha1").update(path).digest("hex"),
    size: 0,
    path,
  }));
  const entries = [...files.values()].map(({ path, bytes: { byteLength: size }, gitHash, sha256, isLarge }) => {
    if (!isLarge) return { type: "file", oid: gitHash, size, path };
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
    const oid = createHash("sha1").update(`blob ${pointer.length}\0${pointer}`).digest("hex");
    const xetHash = createHash("sha256").update(`xet ${sha256}`).digest("hex");
    return { type: "file", oid, size, path, lfs: { oid: sha256, size, pointerSize: pointer.length }, xetHash };
  });
  return [...directories, ...entries];
}
