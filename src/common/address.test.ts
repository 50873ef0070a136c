// Which addresses of a hub requests can be put together from. The others are refused by the name of their setting, with a remedy.
import { expect, test } from "vitest";
import { hubOrigin, parseAddress, parseHub } from "./address";

test.each([
  ["https://hub.test", "https://hub.test"],
  ["https://hub.test/path/", "https://hub.test"],
  ["http://localhost:8080", "http://localhost:8080"],
])("%s is a hub's", (address, origin) => {
  expect(parseHub(address, "hub")).toBe(address);
  expect(hubOrigin(address)).toBe(origin);
});

test.each([
  "",
  "hub.test",
  "hub.test:8080/path",
  "//hub.test",
  "/hub",
  "ftp://hub.test",
  "https://",
  "https:hub.test",
  "https://hub.test?a=b",
  "https://hub.test#a",
])("%j is not", (address) => {
  expect(() => parseHub(address, "HF_ENDPOINT")).toThrow(
    expect.objectContaining({
      code: "invalid-input",
      detail: { field: "HF_ENDPOINT", remedy: expect.stringContaining("https://hub.example") },
    }),
  );
  expect(hubOrigin(address)).toBeUndefined();
});

test("an address may stand on another one, and one that is none is refused by its field", () => {
  expect(parseAddress("models/", "https://page.test/a/", "modelsRoot").href).toBe("https://page.test/a/models/");
  expect(() => parseAddress("https://", "https://page.test/", "modelsRoot")).toThrow(
    expect.objectContaining({ code: "invalid-input", message: "modelsRoot is https://, which is no address" }),
  );
});
