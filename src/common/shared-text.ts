// A text that another app shares with this one. The system opens the page with the text in the address's query; it is moved to where
// settings stand, after the `#`, and becomes the prompt. The service worker does this before anything is sent, and the
// page does where there is none.

/** The shared text; undefined for an address that shares nothing. A title is only taken where there is no text. */
export function textOfShare({ searchParams }: URL): string | undefined {
  return [searchParams.get("text"), searchParams.get("title")].map((text) => text?.trim()).find(Boolean);
}

/** @returns the address of the page with the text as its prompt */
export function linkOfShare(address: URL): string | undefined {
  const prompt = textOfShare(address);
  if (prompt === undefined) return undefined;
  const link = new URL(address);
  link.search = "";
  link.hash = new URLSearchParams({ prompt }).toString();
  return link.href;
}
