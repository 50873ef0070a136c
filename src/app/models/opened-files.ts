// A model from this device's own disk: a folder, or one file. Its files are used where they are, and nothing is copied.
import { catalogueEntry } from "../../catalogue/entries";
import { fileName, type HandedModel } from "../../common/download";
import { modelName } from "../../common/recipe";
import { isRepositoryName } from "../../common/repository-name";

/** Checkpoints in one file, as model sites give them. */
const WEIGHTS = /\.(?:safetensors|ckpt|pth?|bin|gguf)$/i;

export const WEIGHT_FILES = ".safetensors,.ckpt,.pt,.pth,.bin,.gguf";

export function isWeightFile({ name }: Pick<File, "name">): boolean {
  return WEIGHTS.test(name);
}

/**
 * @param folder its name
 * @param files by their paths in it
 */
export function openedFolder(folder: string, files: ReadonlyMap<string, File>): HandedModel {
  return handed(nameOfOwn(folder), files);
}

export function openedFile(file: File): HandedModel {
  const model = nameOfOwn(file.name.replace(WEIGHTS, ""));
  return { ...handed(model, new Map([[file.name, file]])), isOneFile: true };
}

/** The files of a folder as a file chooser gives them, with the folder's name before each path. */
export function filesOfChooser(chosen: Iterable<File>): { readonly folder: string; readonly files: ReadonlyMap<string, File> } {
  const files = new Map<string, File>();
  let folder = "";
  for (const file of chosen) {
    const [first = "", ...path] = file.webkitRelativePath.split("/");
    folder = first;
    files.set(path.join("/"), file);
  }
  return { folder, files };
}

/** The files of a folder that was dropped on the page, with their paths in it. */
export async function filesOfEntry(entry: FileSystemDirectoryEntry): Promise<ReadonlyMap<string, File>> {
  const files = new Map<string, File>();
  const add = async (folder: FileSystemDirectoryEntry, below: string): Promise<void> => {
    for (const child of await childrenOf(folder)) {
      if (isDirectory(child)) await add(child, `${below}${child.name}/`);
      else if (isFile(child)) files.set(`${below}${child.name}`, await new Promise<File>((resolve, reject) => child.file(resolve, reject)));
    }
  };
  await add(entry, "");
  return files;
}

export function isDirectory(entry: FileSystemEntry | null | undefined): entry is FileSystemDirectoryEntry {
  return entry?.isDirectory === true;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

/** A browser gives a hundred at a time, and none at the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const more = await new Promise<readonly FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (more.length === 0) return children;
    children.push(...more);
  }
}

/** A folder may be called as a model of the catalogue or of the hub, and is another one all the same. */
function nameOfOwn(text: string): string {
  const name = modelName(text);
  return catalogueEntry(name) === undefined && !isRepositoryName(name) ? name : modelName(`${name.replaceAll("/", " ")} (own)`);
}

function handed(model: string, files: ReadonlyMap<string, File>): HandedModel {
  const repository = { repository: model, revision: "" };
  return {
    plan: {
      model,
      title: model,
      license: undefined,
      repositories: [
        { ...repository, commit: "", addresses: [], files: [...files].map(([path, { size }]) => ({ path, byteLength: size })) },
      ],
    },
    files: new Map([...files].map(([path, file]) => [fileName(repository, path), file])),
  };
}
