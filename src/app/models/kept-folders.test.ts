// A folder that was opened once is offered again, and read only if the person lets the page.
import { afterEach, expect, test, vi } from "vitest";
import { keptFolders, type Handles } from "./kept-folders";

type Tree = { readonly [name: string]: string | Tree };

/** A folder as a browser's chooser gives it. */
function handleOf(name: string, tree: Tree, permission: PermissionState = "granted"): FileSystemDirectoryHandle {
  const entries = async function* (): AsyncGenerator<[string, unknown]> {
    for (const [child, content] of Object.entries(tree)) {
      yield typeof content === "string"
        ? [child, { kind: "file", getFile: async () => new File([content], child) }]
        : [child, handleOf(child, content)];
    }
  };
  const made = { kind: "directory", name, entries, requestPermission: async () => permission };
  // oxlint-disable-next-line no-unsafe-type-assertion
  return made as unknown as FileSystemDirectoryHandle;
}

function memoryHandles(): Handles & { readonly map: Map<string, FileSystemDirectoryHandle> } {
  const map = new Map<string, FileSystemDirectoryHandle>();
  return {
    map,
    names: async () => [...map.keys()],
    get: async (model) => map.get(model),
    set: async (model, handle) => void map.set(model, handle),
    delete: async (model) => void map.delete(model),
  };
}

function choosing(choose: () => Promise<FileSystemDirectoryHandle>): void {
  vi.stubGlobal("window", { showDirectoryPicker: choose });
}

afterEach(() => vi.unstubAllGlobals());

const TREE: Tree = { "model_index.json": "{}", unet: { "config.json": "{}", deep: { weights: "12345" } } };

test("a chosen folder is a model, and opens again in the next visit as it is then", async () => {
  const handles = memoryHandles();
  choosing(async () => handleOf("mine", TREE));
  const own = await keptFolders(handles).pick();
  expect([...(own?.files.keys() ?? [])]).toEqual(["mine/model_index.json", "mine/unet/config.json", "mine/unet/deep/weights"]);

  const later = keptFolders(handles);
  expect(await later.names()).toEqual(["mine"]);
  handles.map.set("mine", handleOf("mine", { "model_index.json": "{ }" }));
  expect((await later.open("mine"))?.plan.repositories[0]?.files).toEqual([{ path: "model_index.json", byteLength: 3 }]);
  await later.forget("mine");
  expect(await later.names()).toEqual([]);
});

test.each(["denied", "prompt"] as const)("a folder that may not be read is not opened: %s", async (permission) => {
  const handles = memoryHandles();
  handles.map.set("mine", handleOf("mine", TREE, permission));
  expect(await keptFolders(handles).open("mine")).toBeUndefined();
  expect(await keptFolders(handles).open("another")).toBeUndefined();
});

test("whoever closes the chooser has chosen none, and another failure is told", async () => {
  const folders = keptFolders(memoryHandles());
  choosing(() => Promise.reject(new DOMException("closed", "AbortError")));
  expect(await folders.pick()).toBeUndefined();
  choosing(() => Promise.reject(new DOMException("in a frame", "SecurityError")));
  await expect(folders.pick()).rejects.toThrow("in a frame");
});

test("a browser that keeps no handles still opens a folder", async () => {
  choosing(async () => handleOf("mine", TREE));
  const broken = (): Promise<never> => Promise.reject(new DOMException("no database", "SecurityError"));
  const folders = keptFolders({ names: broken, get: broken, set: broken, delete: broken });
  expect((await folders.pick())?.plan.model).toBe("mine");
  expect(await folders.names()).toEqual([]);
  await folders.forget("mine");
});
