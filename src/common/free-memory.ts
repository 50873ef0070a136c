// Large buffers that are given back at once. A worker that falls idle collects no garbage, and would hold on to them for minutes.

/** The buffer is empty afterwards, and whatever looks into it sees nothing. Does nothing where the browser cannot do it. */
export function freeMemory({ buffer }: { readonly buffer: ArrayBuffer }): void {
  if (typeof buffer.transfer === "function") buffer.transfer(0);
}
