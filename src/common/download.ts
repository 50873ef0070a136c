// What is to be fetched before a model can be drawn with, and what is kept of it already. The hub or the catalogue makes
// a plan, the vault carries it out and keeps it: from then on the plan says where every file of the model is.
import type { License } from "./model-facts";
import type { ModelOutline } from "./model-outline";
import type { RecipeLora } from "./recipe-lora";
import type { ComponentNumbers } from "./stored-pieces";
import type { ComponentFormats } from "./weight-format";

/** What somebody published about a file's bytes, in lower-case hexadecimal. */
export interface PublishedHash {
  /** `git-blob` is the SHA-1 of the bytes after git's header, which the hub gives for small files. */
  readonly algorithm: "sha256" | "git-blob";
  readonly hex: string;
}

export interface PlannedFile {
  /** Relative to its repository. */
  readonly path: string;
  readonly byteLength: number;
  /** Absent where nobody published one: then the file is kept with the hash that it has on arrival, and is shown as unchecked. */
  readonly hash?: PublishedHash;
}

export interface PlannedRepository {
  readonly repository: string;
  /** As the model's parts ask for it: a branch, a tag, a commit, or "" for files that ship with the app. */
  readonly revision: string;
  /** The commit that the revision was when the plan was made; "" for files that ship with the app. */
  readonly commit: string;
  /** What stands before each path: absolute addresses that end in a slash. The first is preferred, the others are mirrors. */
  readonly addresses: readonly string[];
  readonly files: readonly PlannedFile[];
}

export interface DownloadPlan {
  /** An id of the catalogue, or the name of a repository on the hub, `owner/name` or `owner/name@revision`. */
  readonly model: string;
  readonly title: string;
  readonly license: License | undefined;
  readonly repositories: readonly PlannedRepository[];
  /** What most of each part's weights are stored in, where it is known: so memory can be planned before the largest file is here. */
  readonly weightFormats?: ComponentFormats;
  /** The numbers that the GPU will read of each part, where they are known: so what packs them is compiled meanwhile. */
  readonly storedNumbers?: ComponentNumbers;
}

/** What can be said of a model before anything large is fetched. */
export interface ModelOffer {
  readonly plan: DownloadPlan;
  readonly outline: ModelOutline;
}

/** A model that the vault holds, wholly or in part. */
export interface KeptModel {
  readonly plan: DownloadPlan;
  readonly isComplete: boolean;
  /** Bytes of it that are here and proved; bytes shared with another model count for both. */
  readonly hereBytes: number;
  readonly totalBytes: number;
  /** Whether every file was checked against a published hash. */
  readonly isChecked: boolean;
  /** Not kept at all: somebody opened it from this device's own disk. */
  readonly lent?: "folder" | "file";
}

/** Bytes `[begin, end)` of a file that are not as they should be, or not there. */
export interface DamagedRange {
  /** The file's `fileName`. */
  readonly file: string;
  readonly begin: number;
  readonly end: number;
}

/** A model after every byte of it was read and hashed again. */
export interface VerifiedModel extends KeptModel {
  /** What is wrong, by files and from their beginnings on. It counts as missing, and only this is fetched again. */
  readonly damaged: readonly DamagedRange[];
}

export interface DownloadProgress {
  /** The `fileName` of the file that bytes last arrived for. */
  readonly file: string;
  /** Proved or still arriving, so it can fall when a chunk has to be fetched again. */
  readonly hereBytes: number;
  readonly totalBytes: number;
  /** Why nothing arrives: an attempt failed and the next one is waited for. */
  readonly waiting?: "retry" | "offline" | "another tab";
}

/**
 * A complete model whose files the page holds, as it goes to a worker: the browser gives no storage that both could read, or somebody
 * opened a folder or a file. A `Blob` is a reference, so this is cheap.
 */
export interface HandedModel {
  readonly plan: DownloadPlan;
  /** Whether it is a checkpoint in one file, which the plan names. What it lacks is read from the hub. */
  readonly isOneFile?: boolean;
  /** The hub's address; absent for the usual one. */
  readonly hub?: string;
  /** By `fileName`. */
  readonly files: ReadonlyMap<string, Blob>;
  /** Tells apart what somebody opened under one name, one after the other. */
  readonly edition?: number;
}

/** A LoRA of a recipe, as it goes to a worker. */
export interface HandedLora extends RecipeLora {
  /** Absent where the page does not have it. */
  readonly file?: Blob | undefined;
  /** Tells apart files of one name, one after the other. */
  readonly edition?: number | undefined;
}

/** Room for models on this device, in bytes. The browser only estimates both numbers. */
export interface Room {
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** Whether the browser promised not to clear it when room runs out; undefined where it was not asked. */
  readonly isPersistent: boolean | undefined;
}

/** What a file is called in progress, messages and maps: its repository, revision and path. */
export function fileName({ repository, revision }: Pick<PlannedRepository, "repository" | "revision">, path: string): string {
  return `${repository}${revision === "" ? "" : `@${revision}`}/${path}`;
}

export function planBytes({ repositories }: DownloadPlan): number {
  return repositories.reduce((sum, { files }) => files.reduce((total, { byteLength }) => total + byteLength, sum), 0);
}
