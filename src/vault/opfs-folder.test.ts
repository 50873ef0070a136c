// Files that go between being found and being used, as when another tab sweeps one away, and handles that do less than they were asked.
// Everything else about the browser's private file system is looked at in a browser (e2e/faults/storage.spec.ts).
import { afterEach, describe, expect, test, vi } from "vitest";
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

describe("a file that cannot be renamed at once", () => {
  const moving = (...failures: readonly (string | Error)[]) => {
    const left = [...failures];
    let tries = 0;
    const move = async (): Promise<void> => {
      tries++;
      const failure = left.shift();
      if (failure !== undefined) throw typeof failure === "string" ? new DOMException("in use", failure) : failure;
    };
    const folder = { getFileHandle: async () => ({ move }) };
    vi.stubGlobal("navigator", { storage: { getDirectory: async () => ({ getDirectoryHandle: async () => folder }) } });
    return { done: opfsFolder("vault").move("part", "whole"), tries: () => tries };
  };

  // A system that renames no open file says so in its own words.
  test.each(["NoModificationAllowedError", "InvalidStateError", "UnknownError"])(
    "because of %s is renamed a moment later",
    async (name) => {
      const { done, tries } = moving(name, name);
      await done;
      expect(tries()).toBe(3);
    },
  );

  test("control: one that is gone, or has no room, is said at once", async () => {
    for (const [name, code] of [
      ["NotFoundError", "storage-cleared"],
      ["QuotaExceededError", "storage-full"],
    ] as const) {
      const { done, tries } = moving(name);
      await expect(done).rejects.toMatchObject({ code });
      expect(tries()).toBe(1);
    }
  });

  test("control: a browser that cannot rename is not asked again", async () => {
    const { done, tries } = moving(new TypeError("handle.move is not a function"));
    await expect(done).rejects.toThrow();
    expect(tries()).toBe(1);
  });
});

describe("S2 a handle that takes or gives fewer bytes than it was asked for", () => {
  const handled = (counts: { readonly write?: number; readonly read?: number }) => {
    const handle = { read: () => counts.read ?? 0, write: () => counts.write ?? 0, getSize: () => 64 };
    const folder = { getFileHandle: async () => ({ createSyncAccessHandle: async () => handle }) };
    vi.stubGlobal("navigator", { storage: { getDirectory: async () => ({ getDirectoryHandle: async () => folder }) } });
    return opfsFolder("vault").write("part");
  };

  test.each([
    ["fewer", 7, "storage-full"],
    ["none, with an error's number for no room", 2 ** 32 - 8, "storage-full"],
    ["none, with an error's number for another reason", 2 ** 32 - 4, "storage-cleared"],
  ])("%s are written", async (_, write, code) => {
    await expect((await handled({ write })).write(0, new Uint8Array(8))).rejects.toMatchObject({ code });
  });

  test.each([
    ["fewer", 7],
    ["none, with an error's number", 2 ** 32 - 4],
  ])("%s are read", async (_, read) => {
    await expect((await handled({ read })).read(0, new Uint8Array(8))).rejects.toMatchObject({ code: "storage-cleared" });
  });

  test("control: all of them", async () => {
    const file = await handled({ write: 8, read: 8 });
    await file.write(0, new Uint8Array(8));
    await file.read(0, new Uint8Array(8));
  });
});
