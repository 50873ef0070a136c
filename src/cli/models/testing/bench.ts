// What the tests of the cache folder share: a hub with one repository in several revisions, a fresh folder for each test, and what lies where.
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32Tensor, safetensorsFile } from "../../../checkpoints/testing/safetensors-file";
import { modelHub, type Hub } from "../../../hub/hub";
import { startFakeHub, type FakeHub, type FakeHubOptions } from "../../../hub/testing/fake-hub";
import { SD_TURBO, type Files } from "../../../hub/testing/layouts";
import { outlineModel } from "../../../pipeline/outline";
import { shipped, type ModelCache } from "../cache";
import type { HubModelOptions } from "../hub-model";

export const UNET = "unet/diffusion_pytorch_model.fp16.safetensors";
export const MIB = 2 ** 20;
/** Three chunks. */
export const LARGE = safetensorsFile(new Map([["conv_in.weight", float32Tensor(Array.from({ length: 5 * MIB }, (_, i) => i % 251))]]));
const TURBO: Files = { ...SD_TURBO, [UNET]: LARGE };

let root: string;
/** A hub, and a cache folder that is empty before each test. */
export let server: FakeHub;
export let cache: string;

/** For `beforeAll`, `beforeEach`, `afterEach` and `afterAll`. */
export const bench = {
  open: async (): Promise<void> => {
    root = await mkdtemp(join(tmpdir(), "onestroke-cache-"));
  },
  begin: async (): Promise<void> => {
    cache = await mkdtemp(join(root, "hub-"));
    server = await startFakeHub({
      repositories: { "own/turbo": { files: TURBO, revisions: { old: SD_TURBO } }, "own/gated": { files: SD_TURBO, gated: "auto" } },
      token: "hf_t",
    });
  },
  end: (): Promise<void> => server.close(),
  close: (): Promise<void> => rm(root, { recursive: true, force: true }),
};

/** The same with other repositories. */
export async function serve(repositories: FakeHubOptions["repositories"]): Promise<void> {
  await server.close();
  server = await startFakeHub({ repositories });
}

const NO_PAUSES = { times: { stallMs: 60_000, backoffMs: [0, 0], mostRetryAfterMs: 0, probeMs: 60_000 } };
export const hub = (): Hub => modelHub({ base: server.base });
export const models = (): ModelCache => ({ folder: cache, outline: outlineModel, shipped });
export const options = (more: Partial<HubModelOptions> = {}): HubModelOptions => ({
  cache: models(),
  hub: hub(),
  transfer: NO_PAUSES,
  ...more,
});
export const offline = (): HubModelOptions => options({ hub: undefined });

export const folder = (...path: readonly string[]): string => join(cache, "models--own--turbo", ...path);
export const commit = (): string => server.commit("own/turbo");
export const blobs = (): readonly string[] => readdirSync(folder("blobs")).toSorted();
export const whole = (): boolean => readFileSync(folder("snapshots", commit(), UNET)).equals(LARGE);
/** Bytes of the UNet that were asked for, after the request for its header. */
export const fetched = (): number =>
  server.requests
    .filter(({ kind, path }) => kind === "file" && path === UNET)
    .slice(1)
    .reduce((sum, { range }) => sum + rangeLength(range), 0);

/** Where the UNet is while it is not complete. */
export async function unfinished(): Promise<string> {
  const { hash } = (await hub().open({ repository: "own/turbo", revision: "main" })).file(UNET, LARGE.byteLength);
  return join(realpathSync(cache), "models--own--turbo", "blobs", `${hash?.hex}.incomplete`);
}

export function rangeLength(range: string | undefined): number {
  const [, begin = "0", end = "0"] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  return Number(end) - Number(begin) + 1;
}
