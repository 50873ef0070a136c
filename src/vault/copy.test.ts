// Copying a folder of this device into the vault: a download like any other, without a network and without published hashes.
import { expect, test } from "vitest";
import { fileName, planBytes, type HandedModel } from "../common/download";
import { fileVault } from "./file-vault";
import { FakeDisk, toolsOn } from "./testing/fake-disk";
import { fakeServer } from "./testing/fake-server";
import { planOf, sampleBytes, type Sample } from "./testing/plans";

const WEIGHTS: Sample = { path: "unet/weights of mine.safetensors", bytes: sampleBytes(64 * 5 + 13, 1), kind: "none" };
const CONFIG: Sample = { path: "model_index.json", bytes: sampleBytes(50, 3), kind: "none" };

function folder(samples: readonly Sample[], commit = "changed today"): HandedModel {
  const { repositories, ...plan } = planOf(samples, "my model", []);
  const ours = repositories.map((repository) => ({ ...repository, repository: "my model", revision: "", commit }));
  const files = samples.map(({ path, bytes }): [string, Blob] => [
    fileName({ repository: "my model", revision: "" }, path),
    new Blob([bytes]),
  ]);
  return { plan: { ...plan, repositories: ours }, files: new Map(files) };
}

function setUp(disk = new FakeDisk()) {
  const server = fakeServer(new Map());
  return { disk, server, vault: fileVault(toolsOn(disk, { fetcher: server.fetcher, lanes: 1 }), true) };
}

async function read(vault: ReturnType<typeof setUp>["vault"], path: string): Promise<Uint8Array> {
  const opened = await vault.open("my model");
  const source = (await opened?.base?.open(path)) ?? expect.fail("it is not here");
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  await opened?.release();
  return bytes;
}

test("it is here byte for byte, with progress, unchecked, and nothing was asked of the network", async () => {
  const { vault, server } = setUp();
  const model = folder([WEIGHTS, CONFIG]);
  const said: number[] = [];
  const kept = await vault.copy(model, { onProgress: ({ hereBytes }) => said.push(hereBytes) });
  expect(kept).toMatchObject({ isComplete: true, isChecked: false, hereBytes: planBytes(model.plan) });
  expect(said.at(-1)).toBe(planBytes(model.plan));
  expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
  expect(await read(vault, CONFIG.path)).toEqual(CONFIG.bytes);
  expect(server.requests).toEqual([]);
});

test("what was copied before a pause is not read again", async () => {
  const { vault } = setUp();
  const model = folder([WEIGHTS, CONFIG]);
  const slices: number[] = [];
  const pause = new AbortController();
  const watched = [...model.files].map(([name, blob]): [string, Blob] => {
    const slice = (begin = 0, end = blob.size): Blob => {
      if (name.endsWith(WEIGHTS.path) && slices.push(begin) === 3) pause.abort();
      return blob.slice(begin, end);
    };
    return [name, Object.defineProperty(new Blob([blob]), "slice", { value: slice })];
  });
  const from = { ...model, files: new Map(watched) };
  await expect(vault.copy(from, { signal: pause.signal })).rejects.toMatchObject({ code: "cancelled" });
  const hereBytes = ((await vault.list())[0]?.hereBytes ?? 0) - CONFIG.bytes.byteLength;
  // The chunk that was asked for last may have come before the pause was heard.
  expect([128, 192]).toContain(hereBytes);
  await vault.copy(from);
  expect(slices).toEqual([0, 64, 128, ...[128, 192, 256, 320].filter((begin) => begin >= hereBytes)]);
  expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
});

test("a folder that was changed takes the place of its older copy, and leaves nothing of it", async () => {
  const { vault, disk } = setUp();
  await vault.copy(folder([WEIGHTS, CONFIG]));
  const other = { ...WEIGHTS, bytes: sampleBytes(WEIGHTS.bytes.byteLength, 9) };
  await vault.copy(folder([other, CONFIG], "changed tomorrow"));
  expect(await read(vault, WEIGHTS.path)).toEqual(other.bytes);
  expect(disk.files.size).toBe(2);
});

test("a file that cannot be read any more, and a copy that is to be mended without its folder, say what to do", async () => {
  const { vault, disk, server } = setUp();
  const whole = folder([WEIGHTS, CONFIG]);
  const again = { code: "model-missing", remedy: expect.stringContaining("Open its folder again") };
  await expect(vault.copy({ ...whole, files: new Map() })).rejects.toMatchObject(again);
  await vault.copy(whole);
  const weights = [...disk.files.values()].find(({ now }) => now.byteLength === WEIGHTS.bytes.byteLength)?.now;
  if (weights !== undefined) weights[70] = 255 - (weights[70] ?? 0);
  const { damaged } = await vault.verify("my model");
  expect(damaged).toEqual([{ file: `my model/${WEIGHTS.path}`, begin: 64, end: 128 }]);
  await expect(vault.fetch(whole.plan)).rejects.toMatchObject(again);
  expect(server.requests).toEqual([]);
  await vault.copy(whole);
  expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
});
