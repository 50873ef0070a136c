// Two vaults on one storage, as two workers have them: one fetches a model, and the other opens it meanwhile.
import { OnestrokeError } from "../../common/errors";
import { fileVault } from "../file-vault";
import type { VaultFolder } from "../folder";
import type { OpenModel } from "../vault";
import { FakeDisk, toolsOn } from "./fake-disk";
import { fakeServer } from "./fake-server";
import { filesAt } from "./plans";
import { SAMPLES, WEIGHTS } from "./small-model";

/**
 * The server holds the middle of the weights back until it is told to go on.
 * @param change what is otherwise of the folder, for both
 */
export function setting(change: (folder: VaultFolder) => VaultFolder = (folder) => folder) {
  const disk = new FakeDisk();
  const server = fakeServer(filesAt(SAMPLES));
  const own = toolsOn(disk, { fetcher: server.fetcher, lanes: 1 });
  const tools = { ...own, folder: change(own.folder) };
  let goOn: (answer?: Response) => void = () => undefined;
  const waiting = new Promise<Response | undefined>((resolve) => (goOn = resolve));
  let arrive: () => void = () => undefined;
  const isHalfHere = new Promise<void>((resolve) => (arrive = resolve));
  server.spoil = ({ url, range, signal }, right) => {
    if (!url.endsWith(WEIGHTS.path) || range?.[0] !== 192) return undefined;
    arrive();
    const stopped = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    return Promise.race([waiting.then((other) => other?.clone() ?? right()), stopped]);
  };
  const other = toolsOn(disk, {});
  const reader = fileVault({ ...other, folder: change(other.folder), locks: tools.locks, news: tools.news }, true);
  return { disk, tools, server, fetcher: fileVault(tools, true), reader, goOn, isHalfHere };
}

/** The first bytes of a file. */
export async function readFirst(model: OpenModel | undefined, path: string, byteLength: number, at = 0): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(byteLength);
  await (await model?.base?.open(path))?.read(at, bytes);
  return bytes;
}

/** All of them. */
export async function read(model: OpenModel | undefined, path: string): Promise<Uint8Array | undefined> {
  const source = await model?.base?.open(path);
  if (source === undefined) return undefined;
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  return bytes;
}

export const outcome = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (thrown: unknown) => OnestrokeError.from(thrown, "worker-died"),
  );
