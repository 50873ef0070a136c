// The runtime's WASM is downloaded to the end, with progress. A refusal, a web page or half a file is a failed download,
// and a cancel is a cancel. The sizes in the table are those of the installed package.
import { stat } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { BUILDS, download } from "./load-browser";

const WASM = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

let close: (() => void) | undefined;
afterEach(() => close?.());

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  close = () => server.close();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/ort.wasm`;
}

describe("download", () => {
  it("gives the bytes, and says how far it is", async () => {
    let sendRest = () => {};
    const url = await serve((_, response) => {
      response.write(WASM.subarray(0, 5));
      sendRest = () => response.end(WASM.subarray(5));
    });
    const progress: number[] = [];
    // The rest is sent once the first part has been reported.
    const onBytes = (loaded: number, total: number) => {
      progress.push(loaded / total);
      if (loaded < total) sendRest();
    };
    const bytes = await download(url, WASM.length, { onBytes });
    expect(bytes).toEqual(WASM);
    expect(progress.at(-1)).toBe(1);
    expect(progress.length).toBeGreaterThan(1);
  });

  it.each<[string, RequestListener]>([
    ["a refusal", (_, response) => void response.writeHead(404).end()],
    ["a web page", (_, response) => void response.end("<!doctype html>")],
    [
      "half a file",
      (_, response) => void response.writeHead(200, { "content-length": 8 }).write(WASM.subarray(0, 5), () => response.destroy()),
    ],
  ])("%s is a failed download", async (_, listener) => {
    await expect(download(await serve(listener), WASM.length, {})).rejects.toMatchObject({ code: "download-failed" });
  });

  it("a cancel is a cancel", async () => {
    const abort = new AbortController();
    const url = await serve((_, response) => response.write(WASM.subarray(0, 5), () => abort.abort()));
    await expect(download(url, WASM.length, { signal: abort.signal })).rejects.toMatchObject({ code: "cancelled" });
  });
});

it.each(Object.entries(BUILDS))("the size of %s is the installed package's", async (_, { url, byteLength }) => {
  const name = url.split("/").at(-1)?.split("?")[0] ?? "";
  const { size } = await stat(fileURLToPath(new URL(`../../../node_modules/onnxruntime-web/dist/${name}`, import.meta.url)));
  expect(byteLength).toBe(size);
});
