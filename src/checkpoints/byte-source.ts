// The one interface through which bytes are read: HTTP with Range, a Node file, a dropped
// File, later the vault. No parser knows where bytes are stored.

export type OnBytes = (byteLength: number) => void;

export interface ByteSource {
  /** For messages: a path or an address without its query. */
  readonly name: string;
  /** Whole length in bytes. */
  readonly size: number;
  /**
   * Fills `into` with bytes `[begin, begin + into.byteLength)`.
   * @param onBytes called as bytes arrive, with how many did since the last call, so that a slow line is seen to go on
   * @throws OnestrokeError `download-failed`, `model-missing`, `model-corrupt` (short data), `cancelled`
   */
  read(begin: number, into: Uint8Array<ArrayBuffer>, signal?: AbortSignal, onBytes?: OnBytes): Promise<void>;
}

/** Opens files of one checkpoint by their path, relative to its root. */
export interface ByteStore {
  readonly name: string;
  /** @throws OnestrokeError `model-missing` naming the file */
  open(path: string, signal?: AbortSignal): Promise<ByteSource>;
  exists(path: string, signal?: AbortSignal): Promise<boolean>;
}
