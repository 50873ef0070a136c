// Tests pass on a machine that is several times as slow: what they wait for may come late.
import { expect, test, vi } from "vitest";

/** A little more than Vitest waits by itself. */
const LATE_MS = 1_100;

test("what comes after more than a second is waited for", async () => {
  const begun = performance.now();
  const passedMs = (): number => performance.now() - begun;
  const waiting = vi.waitFor(() => expect(passedMs()).toBeGreaterThan(LATE_MS));
  await expect.poll(passedMs).toBeGreaterThan(LATE_MS);
  await waiting;
});

test("control: who says how long, waits no longer", async () => {
  const never = (): void => expect(1).toBe(2);
  await expect(vi.waitFor(never, 1)).rejects.toThrow("to be 2");
  await expect(vi.waitFor(never, { timeout: 1 })).rejects.toThrow("to be 2");
});
