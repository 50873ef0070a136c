// Whoever reads a file chunk by chunk comes to its messages meanwhile, though the disk answers at once.
import { expect, test } from "vitest";
import { readChunk } from "./chunks";
import type { ReadableFile } from "./folder";
import { emptyRow } from "./part";

/** A file of the browser's: it keeps the thread while it reads, for longer than a message may wait. */
const file: ReadableFile = {
  byteLength: 64 * 4,
  read: async () => {
    const begun = performance.now();
    while (performance.now() - begun < 60);
  },
  close: async () => undefined,
};

async function heardWhile(work: () => Promise<void>): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  let isHeard = false;
  port2.addEventListener("message", () => (isHeard = true));
  port2.start();
  port1.postMessage("are you there?");
  await work();
  port1.close();
  return isHeard;
}

test("a message is heard between two chunks", async () => {
  const row = emptyRow(file.byteLength, 64);
  const reading = async (): Promise<void> => {
    for (const index of row.digests.keys()) await readChunk(file, row, index);
  };
  expect(await heardWhile(reading)).toBe(true);
});

test("control: the reads themselves let none in", async () => {
  const reading = async (): Promise<void> => {
    for (let at = 0; at < 4; at++) await file.read(at * 64, new Uint8Array(64));
  };
  expect(await heardWhile(reading)).toBe(false);
});
