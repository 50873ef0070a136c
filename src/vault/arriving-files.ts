// The files of a plan while they are fetched, each to be read from as soon as it is whole and proved. Whoever reads one that is still on
// its way waits for it, so that what is loaded first need not wait for what is loaded last.
import { fileName, type DownloadPlan } from "../common/download";
import type { ReadableFile } from "./folder";

interface Expected {
  readonly arrived: Promise<ReadableFile>;
  readonly take: (file: ReadableFile) => void;
  readonly fail: (error: unknown) => void;
  isHere: boolean;
}

export class ArrivingFiles {
  /** By `fileName`, all of them. They have their planned lengths from the beginning. */
  readonly files: ReadonlyMap<string, ReadableFile>;
  readonly #expected = new Map<string, Expected>();

  constructor({ repositories }: DownloadPlan) {
    const files = new Map<string, ReadableFile>();
    for (const repository of repositories) {
      for (const { path, byteLength } of repository.files) {
        const name = fileName(repository, path);
        const { arrived } = this.#expect(name);
        files.set(name, {
          byteLength,
          read: async (at, into) => (await arrived).read(at, into),
          close: async () => (await arrived).close(),
        });
      }
    }
    this.files = files;
  }

  /** A file is whole. One that comes a second time, by another way, is closed again. */
  async take(name: string, file: ReadableFile): Promise<void> {
    const expected = this.#expected.get(name);
    if (expected === undefined || expected.isHere) return file.close();
    expected.isHere = true;
    expected.take(file);
  }

  /** No more will come. Reads of what is not here fail of `error`. */
  fail(error: unknown): void {
    for (const { fail } of this.#expected.values()) fail(error);
  }

  /** Closes what has come. */
  async close(): Promise<void> {
    for (const { arrived, isHere } of this.#expected.values()) if (isHere) await (await arrived).close();
  }

  #expect(name: string): Expected {
    let [take, fail]: [Expected["take"], Expected["fail"]] = [() => undefined, () => undefined];
    const arrived = new Promise<ReadableFile>((resolve, reject) => {
      [take, fail] = [resolve, reject];
    });
    // It is thrown where the file is read, and by nobody if it never is.
    arrived.catch(() => undefined);
    const expected = { arrived, take, fail, isHere: false };
    this.#expected.set(name, expected);
    return expected;
  }
}
