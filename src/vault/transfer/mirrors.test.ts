// Which of a file's addresses is asked first, and how an address is put together.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeServer, type Spoil } from "../testing/fake-server";
import { sampleBytes } from "../testing/plans";
import { fileAddress, orderMirrors } from "./mirrors";
import { createTransfer } from "./transfer";

const FILES = new Map(["hub", "mirror"].map((host) => [`https://${host}.test/file`, sampleBytes(64, 1)]));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function serverWith(spoil: Spoil) {
  const server = fakeServer(FILES);
  server.spoil = spoil;
  return server;
}

const refuse =
  (status: number): Spoil =>
  ({ url }) =>
    url === "https://hub.test/file" ? new Response(null, { status }) : undefined;

test("the first that answers a small question goes first, in their own order", async () => {
  const addresses = ["https://hub.test/", "https://mirror.test/"];
  const order = (spoil: Spoil) => orderMirrors(addresses, "file", createTransfer({ fetcher: serverWith(spoil).fetcher }), undefined);
  expect(await order(() => undefined)).toEqual(addresses);
  expect(await order(refuse(500))).toEqual(addresses.toReversed());
  expect(await order(() => new Response(null, { status: 500 }))).toEqual(addresses);
});

test.each([
  ["https://hub.test/a/", "unet/w#1?.bin", "https://hub.test/a/unet/w%231%3F.bin"],
  ["https://hub.test/a/?token=1", "x y", "https://hub.test/a/x%20y?token=1"],
])("the address of a file below %s", (address, path, expected) => {
  expect(fileAddress(address, path)).toBe(expected);
});
