// Counts the bytes of a model as they come, and reports them, though not each network packet.
import type { DownloadProgress } from "../common/download";

const REPORT_MS = 100;

export class Tally {
  readonly #bytes = new Map<string, number>();
  readonly #totalBytes: number;
  readonly #onProgress: (progress: DownloadProgress) => void;
  #sum = 0;
  #reported = -Infinity;
  #isWaiting = false;

  /** @param bytes what is here already of each file, by its name */
  constructor(totalBytes: number, bytes: ReadonlyMap<string, number>, onProgress: (progress: DownloadProgress) => void = () => undefined) {
    this.#totalBytes = totalBytes;
    this.#onProgress = onProgress;
    for (const [file, count] of bytes) this.#change(file, count);
  }

  /** Bytes of a file came, or, if negative, have to be fetched again. */
  add(file: string, byteLength: number): void {
    if (byteLength === 0) return;
    this.#change(file, byteLength);
    const now = performance.now();
    if (!this.#isWaiting && now - this.#reported < REPORT_MS && this.#sum < this.#totalBytes) return;
    this.#isWaiting = false;
    this.#reported = now;
    this.#report(file);
  }

  set(file: string, byteLength: number): void {
    this.add(file, byteLength - (this.#bytes.get(file) ?? 0));
  }

  /** Nothing comes for a while. The next bytes end it. */
  wait(file: string, waiting: NonNullable<DownloadProgress["waiting"]>): void {
    this.#isWaiting = true;
    this.#report(file, waiting);
  }

  #change(file: string, byteLength: number): void {
    this.#bytes.set(file, (this.#bytes.get(file) ?? 0) + byteLength);
    this.#sum += byteLength;
  }

  #report(file: string, waiting?: DownloadProgress["waiting"]): void {
    this.#onProgress({ file, hereBytes: this.#sum, totalBytes: this.#totalBytes, ...(waiting === undefined ? {} : { waiting }) });
  }
}
