// Files of this device as if a server gave them, so that copying one into the vault is a download like any other: in chunks, through the
// journal, hashed as it comes, and gone on with after a crash.
import type { Transfer } from "./transfer";

/** What the files' addresses begin with. No request ever goes there. */
export const BLOB_ADDRESS = "https://device.invalid/";

/** @param fileAt gives a file by its path */
export function blobTransfer(transfer: Transfer, fileAt: (path: string) => Blob | undefined): Transfer {
  const fetcher: typeof fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const blob = fileAt(decodeURIComponent(pathname.slice(1)));
    if (blob === undefined) return new Response(null, { status: 404 });
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get("range") ?? "") ?? [];
    if (first === undefined || last === undefined) return new Response(blob);
    const headers = { "content-range": `bytes ${first}-${last}/${blob.size}` };
    return new Response(blob.slice(Number(first), Number(last) + 1), { status: 206, headers });
  };
  return { ...transfer, fetcher, headersFor: () => ({}), isOffline: () => false };
}
