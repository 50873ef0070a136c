// Which of several mirrors to ask first: the first in their own order that answers a small question in time. The others stay in reserve.
import { request } from "./request";
import type { Transfer } from "./transfer";

/** @param path a file that each of them should have @returns the addresses, the one that answered first */
export async function orderMirrors(
  addresses: readonly string[],
  path: string,
  transfer: Transfer,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  if (addresses.length < 2) return addresses;
  for (const address of addresses) {
    if (await answers(fileAddress(address, path), transfer, signal)) return [address, ...addresses.filter((other) => other !== address)];
  }
  return addresses;
}

/** @param address of the folder; it ends in a slash, and its query, if any, is sent with every request */
export function fileAddress(address: string, path: string): string {
  const url = new URL(address);
  url.pathname += path.split("/").map(encodeURIComponent).join("/");
  return url.href;
}

async function answers(url: string, transfer: Transfer, signal: AbortSignal | undefined): Promise<boolean> {
  const patience = { ...transfer, times: { ...transfer.times, stallMs: transfer.times.probeMs } };
  try {
    for await (const piece of request(url, undefined, patience, signal)) return piece.byteLength > 0;
  } catch {
    // Whatever it was, the download itself will say it if no mirror does better.
  }
  return false;
}
