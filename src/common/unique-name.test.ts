// A name is nobody else's, in pages without the functions of secure ones too.
import { afterEach, expect, test, vi } from "vitest";
import { uniqueName } from "./unique-name";

afterEach(() => void vi.unstubAllGlobals());

test("no two are the same, in an insecure page either", () => {
  const { crypto } = globalThis;
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  expect(new Set(Array.from({ length: 100 }, uniqueName)).size).toBe(100);
});
