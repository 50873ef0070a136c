// A model that was loaded while its files arrived is drawn with only if all of them came, and are what was loaded.
import { expect, test } from "vitest";
import { OnestrokeError, type ErrorCode } from "../common/errors";
import { openProved } from "./open-proved";

function model() {
  const made = {
    isDisposed: false,
    dispose: async () => {
      made.isDisposed = true;
    },
  };
  return made;
}

const failing = (code: ErrorCode) => async () => Promise.reject(new OnestrokeError(code, "it failed"));

test("control: one whose files came as they were read is given", async () => {
  const opened = model();
  expect(await openProved({ arrived: async () => true }, async () => opened)).toBe(opened);
  expect(opened.isDisposed).toBe(false);
});

test("it waits for what is still on its way", async () => {
  let come: (isAsRead: boolean) => void = () => undefined;
  const arrived = new Promise<boolean>((resolve) => (come = resolve));
  let isOpen = false;
  const opening = openProved({ arrived: () => arrived }, async () => model()).then((opened) => ((isOpen = true), opened));
  await new Promise((resolve) => setTimeout(resolve));
  expect(isOpen).toBe(false);
  come(true);
  expect(await opening).toBeDefined();
});

test("one that was made of other bytes is given up, and so is one whose files did not come", async () => {
  const [other, missing] = [model(), model()];
  expect(await openProved({ arrived: async () => false }, async () => other)).toBeUndefined();
  expect(other.isDisposed).toBe(true);
  await expect(openProved({ arrived: failing("model-missing") }, async () => missing)).rejects.toMatchObject({ code: "model-missing" });
  expect(missing.isDisposed).toBe(true);
});

test("what is wrong with the bytes is said only of those that are proved", async () => {
  const corrupt = failing("model-corrupt");
  expect(await openProved({ arrived: async () => false }, corrupt), "others came").toBeUndefined();
  await expect(openProved({ arrived: async () => true }, corrupt)).rejects.toMatchObject({ code: "model-corrupt" });
  await expect(openProved({ arrived: failing("model-missing") }, corrupt)).rejects.toMatchObject({ code: "model-missing" });
});

test("anything else is said at once", async () => {
  const never = new Promise<boolean>(() => undefined);
  await expect(openProved({ arrived: () => never }, failing("gpu-lost"))).rejects.toMatchObject({ code: "gpu-lost" });
});
