// ONNX Runtime's WASM comes out of its cache as it went in, or not at all, and a cache that fails costs nothing but a download.
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { keepRuntime, keptRuntime, removeOldRuntimes, RUNTIME_VERSION } from "./kept-runtime";

const URL_OF_WASM = "https://page.example/assets/ort.wasm";
const BYTES = Uint8Array.of(0, 0x61, 0x73, 0x6d);

/** What is used of the browser's caches. */
function fakeCaches(names: readonly string[] = []) {
  const stores = new Map(names.map((name) => [name, new Map<string, Response>()]));
  return {
    stores,
    open: async (name: string) => {
      const store = stores.get(name) ?? new Map<string, Response>();
      stores.set(name, store);
      return {
        match: async (url: string) => store.get(url)?.clone(),
        put: async (url: string, response: Response) => void store.set(url, response),
      };
    },
    keys: async () => [...stores.keys()],
    delete: async (name: string) => stores.delete(name),
  };
}

const refusing = {
  open: () => Promise.reject(new DOMException("no room", "QuotaExceededError")),
  keys: async () => [],
  delete: async () => false,
};

describe("the runtime's WASM", () => {
  test("is kept under the version of the installed package", async () => {
    const { version } = JSON.parse(await readFile("node_modules/onnxruntime-web/package.json", "utf8"));
    expect(RUNTIME_VERSION).toBe(version);
  });

  test("comes back as it was, and only whole", async () => {
    const caches = fakeCaches();
    expect(await keptRuntime(URL_OF_WASM, BYTES.length, caches)).toBeUndefined();
    await keepRuntime(URL_OF_WASM, BYTES, caches);
    expect(await keptRuntime(URL_OF_WASM, BYTES.length, caches)).toEqual(BYTES);
    expect(await keptRuntime(URL_OF_WASM, BYTES.length + 1, caches)).toBeUndefined();
    expect(await keptRuntime("https://page.example/assets/other.wasm", BYTES.length, caches)).toBeUndefined();
  });

  test("is fetched where the browser keeps nothing", async () => {
    await keepRuntime(URL_OF_WASM, BYTES, refusing);
    expect(await keptRuntime(URL_OF_WASM, BYTES.length, refusing)).toBeUndefined();
    // Node has no caches at all.
    await keepRuntime(URL_OF_WASM, BYTES);
    expect(await keptRuntime(URL_OF_WASM, BYTES.length)).toBeUndefined();
  });

  test("is fetched where the browser does not even show its caches, as in a frame without an origin", async () => {
    const denied = () => {
      throw new DOMException("denied", "SecurityError");
    };
    Object.defineProperty(globalThis, "caches", { get: denied, configurable: true });
    try {
      await keepRuntime(URL_OF_WASM, BYTES);
      expect(await keptRuntime(URL_OF_WASM, BYTES.length)).toBeUndefined();
    } finally {
      Reflect.deleteProperty(globalThis, "caches");
    }
  });

  test("of other versions is removed, and nothing else is", async () => {
    const caches = fakeCaches(["onestroke-onnxruntime-1.29.0", "workbox-precache", "onestroke-else"]);
    await keepRuntime(URL_OF_WASM, BYTES, caches);
    await removeOldRuntimes(caches);
    expect([...caches.stores.keys()]).toEqual(["workbox-precache", "onestroke-else", `onestroke-onnxruntime-${RUNTIME_VERSION}`]);
  });
});
