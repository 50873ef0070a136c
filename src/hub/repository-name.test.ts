// Which texts name a repository. A name becomes part of an address and of a path, so what could lead elsewhere is refused.
import { expect, it } from "vitest";
import { checkRepository, looksLikeRepository, parseRepositoryName, repositoryName } from "./repository-name";

it.each([
  ["stabilityai/sd-turbo", { repository: "stabilityai/sd-turbo", revision: "main" }],
  ["IDKiro/sdxs-512-0.9", { repository: "IDKiro/sdxs-512-0.9", revision: "main" }],
  ["a/b@fp16", { repository: "a/b", revision: "fp16" }],
  ["a/b@refs/pr/1", { repository: "a/b", revision: "refs/pr/1" }],
  [`a/b@${"0".repeat(40)}`, { repository: "a/b", revision: "0".repeat(40) }],
  [" a_/b.c ", { repository: "a_/b.c", revision: "main" }],
])("%s", (text, at) => {
  expect(parseRepositoryName(text)).toEqual(at);
  expect(parseRepositoryName(repositoryName(at))).toEqual(at);
});

const BAD_NAMES = [
  "",
  "a",
  "/b",
  "a/",
  "a/b/c",
  "../b",
  "a/..",
  "a/.",
  "./b",
  "a/b..c",
  "a/b--c",
  "a/-b",
  "a/b.",
  "a /b",
  "a/b c",
  "a\\b",
  "a/b?x",
  "a/b#x",
  "a%2f/b",
  "https://hub.test/a/b",
  `a/${"b".repeat(100)}`,
];
const BAD_REVISIONS = ["a/b@", "a/b@..", "a/b@x/../y", "a/b@/x", "a/b@x/", "a/b@x//y", "a/b@x y", "a/b@x?y", "a/b@x@y"];

it.each([...BAD_NAMES, ...BAD_REVISIONS])("%j is refused", (text) => {
  expect(() => parseRepositoryName(text)).toThrow(
    expect.objectContaining({ code: "invalid-input", remedy: expect.stringContaining("owner/name") }),
  );
});

it("a name in two parts is checked alike", () => {
  expect(() => checkRepository({ repository: "a/b", revision: "main" })).not.toThrow();
  expect(() => checkRepository({ repository: "a/b", revision: "../c" })).toThrow();
  expect(() => checkRepository({ repository: "vignette", revision: "" })).toThrow();
});

it.each([
  ["owner/name", true],
  ["owner/name@main", true],
  ["./folder", false],
  ["../folder", false],
  ["/folder/x", false],
  ["models/vignette/unet", false],
  ["vignette", false],
  ["https://hub.test/a/b", false],
])("%s looks like one: %s", (text, looks) => expect(looksLikeRepository(text)).toBe(looks));
