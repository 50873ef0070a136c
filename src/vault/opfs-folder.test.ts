// A file that goes between being found and being used, as when another tab sweeps it away. Everything else about the browser's private
// file system is looked at in a browser (e2e/faults/storage.spec.ts).
import { afterEach, expect, test, vi } from "vitest";
import { opfsFolder } from "./opfs-folder";

afterEach(() => vi.unstubAllGlobals());

/** The browser's private files, where `gone` is found and cannot be used, and `locked` is in use. */
function stubStorage(): void {
  const fails = (name: string) => () => Promise.reject(new DOMException(`${name} for the test`, name));
  const gone = fails("NotFoundError");
  const handles = {
    gone: { getFile: gone, createSyncAccessHandle: gone, move: gone },
    locked: { getFile: fails("NotReadableError"), createSyncAccessHandle: fails("UnknownError") },
  };
  const folder = {
    getFileHandle: async (name: keyof typeof handles) => handles[name] ?? gone(),
    removeEntry: (name: keyof typeof handles) => (name === "locked" ? fails("UnknownError")() : gone()),
  };
  vi.stubGlobal("navigator", { storage: { getDirectory: async () => ({ getDirectoryHandle: async () => folder }) } });
}

test.each(["gone", "never there"])("a file that is %s has no size and no contents, and is not removed twice", async (name) => {
  stubStorage();
  const folder = opfsFolder("vault");
  expect(await folder.size(name)).toBeUndefined();
  expect(await folder.blob(name)).toBeUndefined();
  expect(await folder.read(name)).toBeUndefined();
  await folder.remove(name);
  await expect(folder.move(name, "other")).rejects.toMatchObject({ code: "storage-cleared" });
});

test("control: another failure is said", async () => {
  stubStorage();
  const folder = opfsFolder("vault");
  const failed = { code: "storage-cleared", message: expect.stringContaining("locked failed") };
  await expect(folder.size("locked")).rejects.toMatchObject(failed);
  await expect(folder.read("locked")).rejects.toMatchObject(failed);
  await expect(folder.remove("locked")).rejects.toMatchObject(failed);
});
