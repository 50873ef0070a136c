// Before each file of tests: what waits for something waits as long as it takes. A second, which is Vitest's own patience, is soon over on
// a machine that does other things too.
import { vi } from "vitest";

/** This only ends what hangs. */
const PATIENCE_MS = 5 * 60_000;

const { waitFor } = vi;

vi.waitFor = (callback, options = {}) =>
  waitFor(callback, { timeout: PATIENCE_MS, ...(typeof options === "number" ? { timeout: options } : options) });
