// Rules for installing what the tests need: one package that is not available does not prevent the others, and a
// list of backports that apt cannot use is removed. apt is replaced by a record of its calls.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { installPackages } from "./apt.mjs";

const PACKAGES = ["chromium", "libvulkan1", "mesa-vulkan-drivers"];
const MIRROR = "deb http://deb.debian.org/debian bookworm main\n";
const LIST = "deb http://deb.debian.org/debian bookworm-backports main\n";

let folder: string;
let asked: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "onestroke-apt-"));
  mkdirSync(join(folder, "sources.list.d"));
  asked = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @param fails which of apt's calls fail */
function install(sources: string, fails?: RegExp): readonly string[] {
  writeFileSync(join(folder, "sources.list"), sources);
  const apt = (...args: string[]) => {
    asked.push(args.filter((arg) => !/^--|^-y$/.test(arg)).join(" "));
    return !fails?.test(args.join(" "));
  };
  return installPackages(PACKAGES, { fromBackports: ["mesa-vulkan-drivers"], folder, apt });
}

const lists = () => readdirSync(join(folder, "sources.list.d"));

describe("installing", () => {
  test("each package by itself, Mesa from backports, whose list is added once", () => {
    expect(install(MIRROR)).toEqual([]);
    expect(asked).toEqual([
      "update",
      "install chromium",
      "install libvulkan1",
      "update",
      "install -t bookworm-backports mesa-vulkan-drivers",
    ]);
    expect(lists().map((name) => readFileSync(join(folder, "sources.list.d", name), "utf8"))).toEqual([LIST]);
    expect(install(MIRROR)).toEqual([]);
    expect(lists().length).toBe(1);
  });

  test("a mirror without backports costs Mesa alone, and the list goes", () => {
    let updates = 0;
    writeFileSync(join(folder, "sources.list"), MIRROR);
    const apt = (...[verb = "", ...rest]: string[]) => {
      if (verb === "install") asked.push(rest.at(-1) ?? "");
      return verb === "install" || ++updates === 1;
    };
    expect(installPackages(PACKAGES, { fromBackports: ["mesa-vulkan-drivers"], folder, apt })).toEqual(["mesa-vulkan-drivers"]);
    expect(asked).toEqual(["chromium", "libvulkan1"]);
    expect(lists()).toEqual([]);
  });

  test("backports without the package leave no list either, and a Chromium that fails leaves Mesa", () => {
    expect(install(MIRROR, /mesa/)).toEqual(["mesa-vulkan-drivers"]);
    expect(lists()).toEqual([]);
    expect(install(MIRROR, /chromium/)).toEqual(["chromium"]);
  });

  test("a backports line counts, unless it is a comment", () => {
    expect(install(`${MIRROR}# ${LIST}`)).toEqual([]);
    expect(lists()).toEqual(["bookworm-backports.list"]);
    rmSync(join(folder, "sources.list.d", "bookworm-backports.list"));
    expect(install(`${MIRROR}${LIST}`)).toEqual([]);
    expect(lists()).toEqual([]);
  });
});
