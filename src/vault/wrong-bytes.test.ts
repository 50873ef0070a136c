// Bytes that are not what was published are never offered, and the right ones are found where anybody has them.
import { describe, expect, test } from "vitest";
import { fileVault } from "./file-vault";
import { FakeDisk, toolsOn } from "./testing/fake-disk";
import { fakeServer, type FakeServer } from "./testing/fake-server";
import { ADDRESS, filesAt, planOf } from "./testing/plans";
import { PLAN, read, SAMPLES, setting, WEIGHTS } from "./testing/small-model";

describe("D12 bytes that are not what was published", () => {
  const flip = (url: string, bytes: Uint8Array<ArrayBuffer>): ReturnType<FakeServer["spoil"]> =>
    url.endsWith(WEIGHTS.path)
      ? new Response(
          bytes.map((value, i) => (i === 5 ? value ^ 1 : value)),
          { status: 206 },
        )
      : undefined;

  test("once: the file comes again, and is right", async () => {
    const { vault, server } = setting();
    let flips = 0;
    server.spoil = ({ url, range }) =>
      range?.[0] === 0 && url.endsWith(WEIGHTS.path) && flips++ === 0 ? flip(url, WEIGHTS.bytes.slice(...range)) : undefined;
    expect(await vault.fetch(PLAN)).toMatchObject({ isComplete: true });
    expect(flips).toBeGreaterThan(1);
    expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
  });

  test("always: the file is named and never kept", async () => {
    const { vault, server, disk } = setting();
    server.spoil = ({ url, range }) => (range?.[0] === 0 ? flip(url, WEIGHTS.bytes.slice(...range)) : undefined);
    await expect(vault.fetch(PLAN)).rejects.toMatchObject({ code: "model-corrupt", detail: { file: `owner/name@main/${WEIGHTS.path}` } });
    expect(await vault.open(PLAN.model)).toBeUndefined();
    server.spoil = () => undefined;
    expect(await vault.fetch(PLAN)).toMatchObject({ isComplete: true });
    expect(disk.files.size).toBe(3);
  });

  test("at one mirror: the second try goes to the other", async () => {
    const mirror = "https://mirror.test/x/";
    const server = fakeServer(new Map([...filesAt(SAMPLES), ...filesAt(SAMPLES, mirror)]));
    server.spoil = ({ url, range }) => (url.startsWith(ADDRESS) && range?.[0] === 0 ? flip(url, WEIGHTS.bytes.slice(...range)) : undefined);
    const vault = fileVault(toolsOn(new FakeDisk(), { fetcher: server.fetcher }), true);
    expect(await vault.fetch(planOf(SAMPLES, PLAN.model, [ADDRESS, mirror]))).toMatchObject({ isComplete: true });
  });
});
