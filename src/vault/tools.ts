// What the vault's parts work with. A browser, a test and a page without storage differ in these and in nothing else.
import type { VaultFolder } from "./folder";
import type { Journal } from "./journal";
import type { Locks } from "./locks";
import type { NewsChannel } from "./news";
import type { Transfer } from "./transfer/transfer";

export interface VaultTools {
  readonly folder: VaultFolder;
  readonly journal: Journal;
  readonly locks: Locks;
  readonly news: NewsChannel;
  readonly transfer: Transfer;
  /** Length of a chunk, the unit that is proved, kept and fetched again. Files that were begun with another one keep theirs. */
  readonly chunkBytes: number;
}

export const CHUNK_BYTES = 8 * 2 ** 20;

/** Names of the locks. */
export const LOCKS = {
  /** Exclusive while the set of things that must be kept changes, and while what is not in it is deleted. */
  keeping: "keeping",
  /** Exclusive while a model is fetched, verified or removed. */
  fetching: (model: string): string => `fetch:${model}`,
  /** Shared while a model is drawn with, exclusive while it is removed. */
  drawing: (model: string): string => `draw:${model}`,
  /** Exclusive while a file is written or moved, because models share files. */
  file: (id: string): string => `file:${id}`,
  /**
   * Shared while a file is read before it is whole, exclusive while it gets its last name: not every system renames a file that is open.
   */
  part: (id: string): string => `part:${id}`,
} as const;
