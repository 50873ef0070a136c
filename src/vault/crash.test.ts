// The vault's promise: wherever it dies, it goes on from there, ends with the right bytes, and offers no wrong ones in between.
import fc from "fast-check";
import { expect, test } from "vitest";
import { fileVault } from "./file-vault";
import { sweep } from "./sweep";
import { FakeDisk, Life, toolsOn } from "./testing/fake-disk";
import { fakeServer, type FakeServer } from "./testing/fake-server";
import { filesAt, planOf, sampleBytes, type HashKind, type Sample } from "./testing/plans";
import type { Vault } from "./vault";

const SAMPLES: readonly Sample[] = [
  { path: "empty.txt", bytes: sampleBytes(0, 1), kind: "sha256" },
  { path: "config.json", bytes: sampleBytes(50, 2), kind: "git-blob" },
  { path: "unet/weights.safetensors", bytes: sampleBytes(64 * 5 + 13, 3), kind: "sha256" },
  { path: "vae/weights.safetensors", bytes: sampleBytes(64 * 2, 4), kind: "none" },
];

/** Fails where the vault offers the model with other bytes than the right ones. */
async function whatIsOffered(vault: Vault, samples: readonly Sample[]): Promise<"nothing" | "right"> {
  const opened = await vault.open("owner/name");
  const listed = (await vault.list()).some(({ isComplete }) => isComplete);
  expect(opened !== undefined).toBe(listed);
  if (opened === undefined) return "nothing";
  const store = opened.open({ repository: "owner/name", revision: "main" });
  for (const { path, bytes } of samples) {
    const source = await store.open(path);
    const found = new Uint8Array(source.size);
    await source.read(0, found);
    expect(found).toEqual(bytes);
  }
  await opened.release();
  return "right";
}

/** One life, which ends at a step or with the model complete. */
async function live(disk: FakeDisk, server: FakeServer, samples: readonly Sample[], diesAt?: number): Promise<Life> {
  const life = new Life(diesAt);
  const fetcher: typeof fetch = async (...request) => {
    await life.step();
    return server.fetcher(...request);
  };
  const tools = toolsOn(disk, { fetcher }, life);
  const work = sweep(tools).then(() => fileVault(tools, true).fetch(planOf(samples)));
  await Promise.race([work, life.death]);
  return life;
}

test("killed at any await, it finishes in the next life, and fetches no file twice", async () => {
  const server = fakeServer(filesAt(SAMPLES));
  const { steps } = await live(new FakeDisk(), server, SAMPLES);
  const wholeBytes = bytesAsked(server);
  expect(steps).toBeGreaterThan(60);
  for (let diesAt = 1; diesAt <= steps; diesAt++) {
    const disk = new FakeDisk();
    const own = fakeServer(filesAt(SAMPLES));
    await live(disk, own, SAMPLES, diesAt);
    await whatIsOffered(fileVault(toolsOn(disk, {}), true), SAMPLES);
    await live(disk, own, SAMPLES);
    expect(await whatIsOffered(fileVault(toolsOn(disk, {}), true), SAMPLES)).toBe("right");
    // What was in flight in the four lanes may have to come again, and nothing else.
    expect(bytesAsked(own)).toBeLessThanOrEqual(wholeBytes + 4 * 64);
    // Nothing is left over but the files themselves.
    expect(disk.files.size).toBe(SAMPLES.length);
  }
});

function bytesAsked({ requests }: FakeServer): number {
  const sizes = filesAt(SAMPLES);
  return requests.reduce((sum, { url, range }) => sum + (range === undefined ? (sizes.get(url)?.byteLength ?? 0) : range[1] - range[0]), 0);
}

const kinds = fc.constantFrom<HashKind>("sha256", "git-blob", "none");
const samplesOf = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 400 }), kinds), { minLength: 1, maxLength: 4 })
  .map((files) => files.map(([size, kind], i): Sample => ({ path: `folder ${i}/file#${i}`, bytes: sampleBytes(size, i), kind })));
const crashes = fc.array(
  fc.record({ diesAt: fc.integer({ min: 1, max: 160 }), isPowerCut: fc.boolean(), lostRows: fc.integer({ min: 0, max: 3 }) }),
  { maxLength: 4 },
);

test("whatever the files and however often it is killed or loses power, it ends right and is never wrong", async () => {
  await fc.assert(
    fc.asyncProperty(samplesOf, crashes, async (samples, deaths) => {
      const disk = new FakeDisk();
      const server = fakeServer(filesAt(samples.map((sample) => ({ ...sample, path: encodePath(sample.path) }))));
      for (const { diesAt, isPowerCut, lostRows } of deaths) {
        await live(disk, server, samples, diesAt);
        if (isPowerCut) disk.cutPower(lostRows);
        await whatIsOffered(fileVault(toolsOn(disk, {}), true), samples);
      }
      await live(disk, server, samples);
      expect(await whatIsOffered(fileVault(toolsOn(disk, {}), true), samples)).toBe("right");
    }),
    { numRuns: 150 },
  );
});

const encodePath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");
