// Folders of this device that somebody opened, over visits. Only a handle of each is kept, and the browser asks the visitor again before
// the page may read one. Browsers without such handles open a folder for one visit, through a file chooser (opened-files.ts).
import { createStore, del, get, keys, set } from "idb-keyval";
import type { HandedModel } from "../../common/download";
import { openedFolder } from "./opened-files";

declare global {
  interface Window {
    showDirectoryPicker?(options: { readonly id: string; readonly mode: "read" }): Promise<FileSystemDirectoryHandle>;
  }
  interface FileSystemDirectoryHandle {
    requestPermission?(wanted: { readonly mode: "read" }): Promise<PermissionState>;
  }
}

/** What is asked of it needs a person's click just before. */
export interface KeptFolders {
  /** Models whose folders are kept. */
  names(): Promise<readonly string[]>;
  /** Lets a person choose a folder, and keeps it. @returns undefined where they chose none */
  pick(): Promise<HandedModel | undefined>;
  /** A folder that is kept, as it is now. @returns undefined where the person does not let the page read it, or it is gone */
  open(model: string): Promise<HandedModel | undefined>;
  forget(model: string): Promise<void>;
}

/** Where handles lie; tests have a map. */
export interface Handles {
  names(): Promise<readonly string[]>;
  get(model: string): Promise<FileSystemDirectoryHandle | undefined>;
  set(model: string, handle: FileSystemDirectoryHandle): Promise<void>;
  delete(model: string): Promise<void>;
}

export function picksFolders(): boolean {
  return typeof window.showDirectoryPicker === "function";
}

export function keptFolders(handles: Handles = indexedHandles("onestroke-folders")): KeptFolders {
  return {
    // A browser that keeps nothing still opens folders.
    names: () => handles.names().catch(() => []),
    pick: async () => {
      const handle = await chosen(window.showDirectoryPicker?.({ id: "models", mode: "read" }));
      if (handle === undefined) return undefined;
      const own = openedFolder(handle.name, await filesOf(handle));
      await handles.set(own.plan.model, handle).catch(() => undefined);
      return own;
    },
    open: async (model) => {
      const handle = await handles.get(model).catch(() => undefined);
      if (handle === undefined || (await mayRead(handle)) !== "granted") return undefined;
      try {
        return openedFolder(handle.name, await filesOf(handle));
      } catch (thrown) {
        if (thrown instanceof DOMException) return undefined;
        throw thrown;
      }
    },
    forget: (model) => handles.delete(model).catch(() => undefined),
  };
}

function indexedHandles(name: string): Handles {
  // It is opened when it is first needed.
  let opened: ReturnType<typeof createStore> | undefined;
  const store = () => (opened ??= createStore(name, "handles"));
  return {
    names: async () => keys<string>(store()),
    get: async (model) => get<FileSystemDirectoryHandle>(model, store()),
    set: async (model, handle) => set(model, handle, store()),
    delete: async (model) => del(model, store()),
  };
}

/** Browsers without this question ask when they must. */
async function mayRead(handle: FileSystemDirectoryHandle): Promise<PermissionState> {
  return (await handle.requestPermission?.({ mode: "read" })) ?? "granted";
}

/** Somebody who closes the chooser has chosen none. */
async function chosen(choosing: Promise<FileSystemDirectoryHandle> | undefined): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await choosing;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") return undefined;
    throw thrown;
  }
}

/** By their paths in the folder. */
async function filesOf(folder: FileSystemDirectoryHandle): Promise<ReadonlyMap<string, File>> {
  const files = new Map<string, File>();
  const add = async (directory: FileSystemDirectoryHandle, below: string): Promise<void> => {
    for await (const [name, handle] of directory.entries()) {
      if (handle.kind === "file") files.set(below + name, await (handle as FileSystemFileHandle).getFile());
      else await add(handle as FileSystemDirectoryHandle, `${below}${name}/`);
    }
  };
  await add(folder, "");
  return files;
}
