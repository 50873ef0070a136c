// ONNX Runtime's WASM, kept by the browser once it was needed: 14 to 27 MB that are the same at each visit. It has a cache of its own for
// each version. The worker that runs it keeps it and takes it out, also before there is a service worker or where there is none; the
// service worker removes other versions. Where the browser keeps nothing, it is fetched each time.

const PREFIX = "onestroke-onnxruntime-";

/** Of the package, which a test compares. */
export const RUNTIME_VERSION = "1.30.0";

/** What is used of the browser's caches, which are not there in insecure pages and throw in other pages' frames. */
interface Caches {
  open(name: string): Promise<{ match(url: string): Promise<Response | undefined>; put(url: string, response: Response): Promise<void> }>;
  keys(): Promise<readonly string[]>;
  delete(name: string): Promise<boolean>;
}

/** @returns the file, or undefined where it was not kept whole */
export async function keptRuntime(url: string, byteLength: number, caches = available()): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const response = await (await caches?.open(PREFIX + RUNTIME_VERSION))?.match(url);
    const bytes = response && new Uint8Array(await response.arrayBuffer());
    return bytes?.byteLength === byteLength ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Keeping is a help for the next visit: where there is no room, nothing is lost. */
export async function keepRuntime(url: string, bytes: Uint8Array<ArrayBuffer>, caches = available()): Promise<void> {
  try {
    const cache = await caches?.open(PREFIX + RUNTIME_VERSION);
    await cache?.put(url, new Response(bytes, { headers: { "Content-Type": "application/wasm" } }));
  } catch {
    // It is fetched again.
  }
}

export async function removeOldRuntimes(caches: Caches): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + RUNTIME_VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
}

function available(): Caches | undefined {
  try {
    return globalThis.caches;
  } catch {
    return undefined;
  }
}
