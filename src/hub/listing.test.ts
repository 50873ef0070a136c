// Whatever a hub answers, a listing is refused with one error, or names files that stay below their repository.
import fc from "fast-check";
import { expect, test } from "vitest";
import { damagedJson } from "../checkpoints/testing/mutate";
import type { PlannedFile } from "../common/download";
import { OnestrokeError } from "../common/errors";
import { licenseOf } from "./license";
import { readListingPage } from "./listing";
import { commitOf, treeOf } from "./testing/fake-repository";
import { SD_TURBO } from "./testing/layouts";

const URL_ = new URL("https://hub.test/api");
const TREE = treeOf(commitOf("own/turbo", SD_TURBO));

function read(value: unknown): ReadonlyMap<string, PlannedFile> | undefined {
  const files = new Map<string, PlannedFile>();
  try {
    readListingPage(value, URL_, files);
    return files;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(OnestrokeError);
    expect(thrown).toMatchObject({ code: "download-failed", remedy: expect.stringContaining("not a model hub") });
    return undefined;
  }
}

test("control: a real listing has every file, and no folder", () => {
  expect([...(read(TREE)?.keys() ?? [])].toSorted()).toEqual(Object.keys(SD_TURBO).toSorted());
});

test("a listing with anything in it changed", () => {
  fc.assert(
    fc.property(damagedJson(TREE), (changed) => {
      for (const { path, byteLength, hash } of read(changed)?.values() ?? []) {
        expect(new URL(path.split("/").map(encodeURIComponent).join("/"), "https://hub.test/a/b/").href).toMatch(
          /^https:\/\/hub\.test\/a\/b\/./,
        );
        expect(Number.isSafeInteger(byteLength) && byteLength >= 0).toBe(true);
        expect(hash === undefined || /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(hash.hex)).toBe(true);
      }
    }),
  );
});

test.each<[object, unknown]>([
  [{ cardData: { license: "mit" } }, { id: "mit", commercial: true }],
  [{ cardData: { license: "CC-BY-NC-4.0" } }, { id: "CC-BY-NC-4.0", commercial: false }],
  [{ cardData: { license: "other", license_name: "sai-nc-community" } }, { id: "sai-nc-community" }],
  [{ cardData: { license: "other" } }, { id: "other" }],
  [{ cardData: { license: ["openrail++", "mit"] } }, { id: "openrail++", commercial: true }],
  [{ tags: ["diffusers", "license:apache-2.0"] }, { id: "apache-2.0", commercial: true }],
  [{ cardData: { license: "constructor" } }, { id: "constructor" }],
  [{ cardData: { license: "x".repeat(1000) } }, { id: "x".repeat(80) }],
  [{ cardData: { license: 3 }, tags: [4] }, undefined],
  [{ cardData: "mit", tags: "license:mit" }, undefined],
  [{}, undefined],
])("the licence of %j", (info, license) => expect(licenseOf({ ...info })).toEqual(license));
