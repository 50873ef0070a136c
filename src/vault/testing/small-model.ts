// A small model in a vault on a disk that a test can harm, and the server that it is fetched from.
import { OnestrokeError } from "../../common/errors";
import { fileVault } from "../file-vault";
import type { Vault } from "../vault";
import { FakeDisk, toolsOn } from "./fake-disk";
import { fakeServer, type FakeServer } from "./fake-server";
import { filesAt, plannedFile, planOf, sampleBytes, type Sample } from "./plans";

/** Of several chunks, and the last one shorter. */
export const WEIGHTS: Sample = { path: "unet/weights.safetensors", bytes: sampleBytes(64 * 5 + 13, 1), kind: "sha256" };
export const ENCODER: Sample = { path: "text_encoder/model.safetensors", bytes: sampleBytes(200, 2), kind: "sha256" };
export const CONFIG: Sample = { path: "config.json", bytes: sampleBytes(50, 3), kind: "git-blob" };
export const SAMPLES = [WEIGHTS, ENCODER, CONFIG];
export const PLAN = planOf(SAMPLES);
/** Its repository. */
export const AT = { repository: "owner/name", revision: "main" };

interface Setting {
  readonly disk: FakeDisk;
  readonly server: FakeServer;
  readonly tools: ReturnType<typeof toolsOn>;
  readonly vault: Vault;
}

export function setting(disk = new FakeDisk(), samples: readonly Sample[] = SAMPLES): Setting {
  const server = fakeServer(filesAt(samples));
  const tools = toolsOn(disk, { fetcher: server.fetcher });
  return { disk, server, tools, vault: fileVault(tools, true) };
}

/** The model is here already, and the server has forgotten that it was asked. */
export async function withModel(): Promise<Setting> {
  const made = setting();
  await made.vault.fetch(PLAN);
  made.server.requests.length = 0;
  return made;
}

/** What its file is called on the disk. */
export const nameOf = (sample: Sample): string => plannedFile(sample).hash?.hex ?? "";

/** A file of a model, as whoever draws with it reads it; undefined where the model is not offered. */
export async function read(vault: Vault, path: string, model = PLAN.model): Promise<Uint8Array | undefined> {
  const opened = await vault.open(model);
  if (opened === undefined) return undefined;
  const source = await opened.open(AT).open(path);
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  await opened.release();
  return bytes;
}

/** An error's code, or `done`. */
export const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (thrown: unknown) => OnestrokeError.from(thrown, "worker-died").code,
  );
