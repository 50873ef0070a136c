// The files of a plan while they are fetched, each to be read from as soon as it is whole and proved, or, where somebody can tell
// afterwards whether that was right, as soon as the bytes are here. Whoever reads what is still on its way waits for it, so that what is
// loaded first need not wait for what is loaded last.
import { fileName, type DownloadPlan } from "../common/download";
import type { ReadableFile } from "./folder";

/** A file that may be read in part. */
export interface EarlyReads {
  /** Fills `into` from byte `at` on. @returns false where not all of these bytes are here */
  read(at: number, into: Uint8Array<ArrayBuffer>): Promise<boolean>;
}

export class ArrivingFiles {
  readonly #files = new Map<string, ArrivingFile>();
  #isAsRead = true;

  constructor({ repositories }: DownloadPlan) {
    for (const repository of repositories) {
      for (const { path, byteLength } of repository.files) this.#files.set(fileName(repository, path), new ArrivingFile(byteLength));
    }
  }

  /** By `fileName`, all of them. They have their planned lengths from the beginning. */
  get files(): ReadonlyMap<string, ReadableFile> {
    return this.#files;
  }

  /** Whether what was read of files on their way is what has come of them. */
  get isAsRead(): boolean {
    return this.#isAsRead;
  }

  /** A file may be read in part until it is whole. */
  begin(name: string, early: EarlyReads): void {
    this.#files.get(name)?.begin(early);
  }

  /** More of a file is here. */
  more(name: string): void {
    this.#files.get(name)?.wake();
  }

  /**
   * A file is whole. One that comes a second time, by another way, is closed again.
   * @param isAsRead whether what was read of it before is part of it
   */
  async take(name: string, file: ReadableFile, isAsRead = true): Promise<void> {
    const expected = this.#files.get(name);
    if (expected === undefined || expected.isHere) return file.close();
    this.#isAsRead &&= isAsRead;
    expected.take(file);
  }

  /** No more will come. Reads of what is not here fail of `error`. */
  fail(error: unknown): void {
    for (const file of this.#files.values()) file.fail(error);
  }

  /** Closes what has come. */
  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }
}

class ArrivingFile implements ReadableFile {
  readonly byteLength: number;
  #file: ReadableFile | undefined;
  #early: EarlyReads | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Reads that wait for more, and how often more came. */
  readonly #waiting: (() => void)[] = [];
  #arrivals = 0;

  constructor(byteLength: number) {
    this.byteLength = byteLength;
  }

  get isHere(): boolean {
    return this.#file !== undefined;
  }

  begin(early: EarlyReads): void {
    this.#early = early;
    this.wake();
  }

  take(file: ReadableFile): void {
    this.#file = file;
    this.wake();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.wake();
  }

  wake(): void {
    this.#arrivals++;
    for (const go of this.#waiting.splice(0)) go();
  }

  async read(at: number, into: Uint8Array<ArrayBuffer>): Promise<void> {
    for (;;) {
      const before = this.#arrivals;
      if (this.#file !== undefined) return this.#file.read(at, into);
      if (this.#failure !== undefined) throw this.#failure.error;
      if ((await this.#early?.read(at, into)) === true) return;
      if (this.#arrivals === before) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
