// Only a script of the page's own host is trusted, with Trusted Types and without, and the policy is made once.
import { afterEach, beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("location", new URL("https://page.example/studio/#prompt=a"));
});
afterEach(() => vi.unstubAllGlobals());

/** What a browser does, which marks what its policy let through. */
const browser = () => ({
  createPolicy: vi.fn((name: string, { createScriptURL }: { createScriptURL(address: string): string }) => ({
    createScriptURL: (address: string) => `${name}: ${createScriptURL(address)}`,
  })),
});

test("a script's address goes through the policy", async () => {
  const trustedTypes = browser();
  vi.stubGlobal("trustedTypes", trustedTypes);
  const { ownScript } = await import("./own-script");
  expect(ownScript("assets/worker.js")).toBe("app: https://page.example/studio/assets/worker.js");
  expect(ownScript(new URL("https://page.example/sw.js"))).toBe("app: https://page.example/sw.js");
  expect(trustedTypes.createPolicy).toHaveBeenCalledTimes(1);
});

test.each([true, false])("another host's, and what is no address, is refused, with Trusted Types: %s", async (hasTrustedTypes) => {
  vi.stubGlobal("trustedTypes", hasTrustedTypes ? browser() : undefined);
  const { ownScript } = await import("./own-script");
  for (const address of [
    "https://stranger.example/sw.js",
    "//stranger.example/a.js",
    "data:text/javascript,",
    "http://page.example/a.js",
    "https://[",
  ]) {
    expect(() => ownScript(address), address).toThrow(expect.objectContaining({ code: "invalid-input" }));
  }
  expect(ownScript("/a.js")).toMatch(/https:\/\/page\.example\/a\.js$/);
});
