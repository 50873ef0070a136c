// From a model's id to its files. An id names an entry of the catalogue. The entry says in which repositories its parts
// are, and at which revisions; places turn repositories into bytes: the folder that ships with the app, the vault, dropped
// files. The code that computes with a model does not know where it is stored.
import { catalogueEntry } from "../catalogue/entries";
import type { CatalogueEntry, RepositoryAt } from "../catalogue/entry";
import { OnestrokeError } from "../common/errors";
import { revisionOfCommit, revisionOfFiles } from "../common/model-revision";
import type { ComponentNumbers } from "../common/stored-pieces";
import type { ComponentFormats } from "../common/weight-format";
import type { ByteStore } from "./byte-source";
import { catalogueManifest } from "./catalogue-manifest";
import { diffusersManifest } from "./diffusers-manifest";
import { withLoras } from "./formats/lora/merge";
import { readLora } from "./formats/lora/read";
import { singleFileManifest, type SingleFileAt } from "./formats/original/manifest";
import { withFormats, type Manifest } from "./manifest";

/** A place where repositories are kept. It gives the files of one, or undefined if it does not keep that one. */
export type Place = (at: RepositoryAt) => ByteStore | undefined;

/** A LoRA's file, and how much of it is added. */
export interface LoraAt {
  readonly store: ByteStore;
  readonly path: string;
  readonly weight: number;
  /** What recipes say of the file (common/recipe-lora.ts). */
  readonly hash?: string | undefined;
}

/** A model whose files have been found but not yet read. */
export interface ModelFiles {
  /** What the catalogue says of it. A folder that is not in the catalogue is described by its own files alone. */
  readonly entry: CatalogueEntry | undefined;
  /** What recipes call it, where that is neither the entry's id nor the folder's name: a repository's name on the hub. */
  readonly id?: string;
  /** The version of what holds most of it (common/model-revision.ts); absent where nobody published one. */
  readonly revision?: string | undefined;
  /** The repository that holds most of it; absent for models that are assembled from bare files. */
  readonly base: ByteStore | undefined;
  /** A checkpoint in one file, which has neither entry nor base. */
  readonly file?: SingleFileAt;
  /** What most of each part's weights are stored in, where that is known without reading them. */
  readonly weightFormats?: ComponentFormats | undefined;
  /** The numbers that the GPU will read of each part, where they are known without its files. */
  readonly storedNumbers?: ComponentNumbers | undefined;
  /** What is to be merged into its weights. */
  readonly loras?: readonly LoraAt[];
  /** @throws OnestrokeError `model-missing` where no place keeps the repository */
  readonly open: (at: RepositoryAt) => ByteStore;
}

/** Files that ship with the app: one folder for each repository, and no revisions. */
export function embedded(folder: (repository: string) => ByteStore): Place {
  return ({ repository, revision }) => (revision === "" ? folder(repository) : undefined);
}

/**
 * Where the page has the folder of a repository. Ids come out of links and may be called what folders are called: whatever would make
 * another address of the name is escaped.
 * @param root absolute address that ends in a slash
 */
export function folderAddress(repository: string, root: string): string {
  return new URL(`./${repository.split("/").map(encodeURIComponent).join("/")}/`, root).href;
}

/**
 * @param id an id of the catalogue; any other id names a folder that ships with the app
 * @param places in the order in which they are asked
 * @throws OnestrokeError `model-missing` where no place keeps the model
 */
export function findModel(id: string, places: readonly Place[]): ModelFiles {
  const open = openAt(places);
  const entry = catalogueEntry(id);
  if (entry === undefined) return { entry, base: open({ repository: id, revision: "" }), open };
  return { entry, revision: entryRevision(entry), base: entry.base && open(entry.base), open };
}

/** The version of an entry's files: the commit that it is pinned to, or what its files come to. */
export function entryRevision({ base, files = [] }: CatalogueEntry): string | undefined {
  return base?.revision === "" ? revisionOfFiles(files.map(({ sha256 }) => sha256)) : revisionOfCommit(base?.revision ?? "");
}

function openAt(places: readonly Place[]): ModelFiles["open"] {
  return (at) => {
    for (const place of places) {
      const store = place(at);
      if (store !== undefined) return store;
    }
    throw new OnestrokeError("model-missing", `the files of ${at.repository} are not here`, { repository: at.repository });
  };
}

/**
 * A checkpoint in one file, in the original layout.
 * @param places for what the file lacks
 */
export function modelFile(file: SingleFileAt, places: readonly Place[]): ModelFiles {
  return { entry: undefined, base: undefined, file, open: openAt(places) };
}

/** A folder in diffusers' layout or of ONNX exports, without a catalogue entry. */
export function modelFolder(base: ByteStore): ModelFiles {
  const open = ({ repository }: RepositoryAt): never => {
    throw new OnestrokeError("model-missing", `${base.name} is a folder, which cannot take files from ${repository}`);
  };
  return { entry: undefined, base, open };
}

/** @throws OnestrokeError `model-missing`, `model-unsupported`, `model-corrupt`, `download-failed`, `cancelled` */
export async function manifestOf(files: ModelFiles, signal?: AbortSignal): Promise<Manifest> {
  const { loras = [], weightFormats = {}, storedNumbers = {}, revision } = files;
  const base = withFormats(await baseManifest(files, signal), weightFormats, storedNumbers);
  const manifest = revision === undefined ? base : { ...base, revision };
  if (loras.length === 0) return manifest;
  const read = loras.map(async ({ store, path, weight, hash }) => ({ lora: await readLora(store, path, signal), weight, hash }));
  return withLoras(manifest, await Promise.all(read), signal);
}

async function baseManifest({ entry, id, base, file, open }: ModelFiles, signal?: AbortSignal): Promise<Manifest> {
  if (file !== undefined) return singleFileManifest(file, open, signal);
  if (entry !== undefined) return catalogueManifest(entry, open, signal);
  if (base === undefined) throw new OnestrokeError("model-missing", "the model has no folder");
  const manifest = await diffusersManifest(base, signal);
  return id === undefined ? manifest : { ...manifest, name: id };
}
