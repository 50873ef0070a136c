// A model is opened while somebody else fetches it: what is whole is read, the rest is waited for, and however the download ends, nobody
// waits for ever and nothing that has come is lost.
import { describe, expect, test } from "vitest";
import { planBytes } from "../common/download";
import { OnestrokeError } from "../common/errors";
import { EarlyFile } from "./early-file";
import { fileVault } from "./file-vault";
import type { Locks } from "./locks";
import { FakeDisk, toolsOn } from "./testing/fake-disk";
import { fakeServer, pieces } from "./testing/fake-server";
import { ADDRESS, filesAt } from "./testing/plans";
import { CONFIG, ENCODER, PLAN, SAMPLES, WEIGHTS } from "./testing/small-model";
import type { OpenModel } from "./vault";
import { wantedFiles } from "./wanted-file";

/** Two vaults on one storage, as two workers have them. The server holds the middle of the weights back until it is told to go on. */
function setting() {
  const disk = new FakeDisk();
  const server = fakeServer(filesAt(SAMPLES));
  const tools = toolsOn(disk, { fetcher: server.fetcher, lanes: 1 });
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
  const reader = fileVault({ ...other, locks: tools.locks, news: tools.news }, true);
  return { disk, tools, server, fetcher: fileVault(tools, true), reader, goOn, isHalfHere };
}

/** The first bytes of a file. */
async function readFirst(model: OpenModel | undefined, path: string, byteLength: number, at = 0): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(byteLength);
  await (await model?.base?.open(path))?.read(at, bytes);
  return bytes;
}

async function read(model: OpenModel | undefined, path: string): Promise<Uint8Array | undefined> {
  const source = await model?.base?.open(path);
  if (source === undefined) return undefined;
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  return bytes;
}

const outcome = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (thrown: unknown) => OnestrokeError.from(thrown, "worker-died"),
  );

test("what is whole is read before the last byte has come, and the rest when it has; progress is passed on", async () => {
  const { fetcher, reader, goOn, isHalfHere } = setting();
  const said: (readonly [number, number])[] = [];
  const fetching = fetcher.fetch(PLAN);
  await isHalfHere;
  const opened = await reader.open(PLAN.model, { onProgress: (...bytes) => said.push(bytes) });
  expect(await read(opened, ENCODER.path)).toEqual(ENCODER.bytes);
  expect(await read(opened, CONFIG.path)).toEqual(CONFIG.bytes);
  expect((await opened?.base?.open(WEIGHTS.path))?.size, "lengths are known before").toBe(WEIGHTS.bytes.byteLength);
  let isRead = false;
  const weights = read(opened, WEIGHTS.path).then((bytes) => ((isRead = true), bytes));
  expect(said[0]).toEqual([planBytes(PLAN) - WEIGHTS.bytes.byteLength + 192, planBytes(PLAN)]);
  expect(isRead).toBe(false);
  goOn();
  expect(await weights).toEqual(WEIGHTS.bytes);
  await opened?.arrived();
  await fetching;
  expect(said.at(-1)).toEqual([planBytes(PLAN), planBytes(PLAN)]);
  await opened?.release();
  await fetcher.remove(PLAN.model);
});

test("opened before its first file is whole, each is read when its news comes", async () => {
  const { fetcher, reader, server, goOn } = setting();
  const { spoil } = server;
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const isAsked = new Promise<void>((resolve) => {
    server.spoil = (request, right) => {
      resolve();
      return begun.then(() => spoil(request, right) ?? right());
    };
  });
  const fetching = fetcher.fetch(PLAN);
  await isAsked;
  const opened = await reader.open(PLAN.model);
  const encoder = read(opened, ENCODER.path);
  begin();
  expect(await encoder).toEqual(ENCODER.bytes);
  goOn();
  expect(await read(opened, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
  await Promise.all([fetching, opened?.arrived()]);
  await opened?.release();
});

test("a download that ends after the first look, and before it is followed, leaves a model that is opened", async () => {
  const { disk, tools, fetcher, goOn, isHalfHere } = setting();
  const fetching = fetcher.fetch(PLAN);
  await isHalfHere;
  const { locks } = tools;
  let isLate = false;
  /** Whoever asks whether the lock is free asks once the download has ended. */
  const tryHold: Locks["tryHold"] = async (name, mode, work) => {
    goOn();
    await fetching;
    isLate = true;
    return locks.tryHold(name, mode, work);
  };
  const late = fileVault({ ...toolsOn(disk, {}), locks: { ...locks, tryHold } }, true);
  const opened = await late.open(PLAN.model);
  expect(isLate).toBe(true);
  expect(await read(opened, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
  await opened?.release();
  await fetcher.remove(PLAN.model);
});

test("control: what nobody fetches is not opened", async () => {
  const { reader } = setting();
  expect(await reader.open(PLAN.model)).toBeUndefined();
});

test("a download that is paused ends the wait and says so; the next one goes on, and loses nothing", async () => {
  const { fetcher, reader, server, goOn, isHalfHere } = setting();
  const pause = new AbortController();
  const fetching = outcome(fetcher.fetch(PLAN, { signal: pause.signal }));
  await isHalfHere;
  const opened = await reader.open(PLAN.model);
  const weights = outcome(read(opened, WEIGHTS.path));
  const arrived = opened && outcome(opened.arrived());
  pause.abort();
  expect(await fetching).toMatchObject({ code: "cancelled" });
  const stopped = { code: "model-missing", detail: { notHere: true }, remedy: expect.stringContaining("Go on") };
  expect(await weights).toMatchObject(stopped);
  expect(await arrived).toMatchObject(stopped);
  expect(await read(opened, ENCODER.path), "what has come can be read still").toEqual(ENCODER.bytes);
  await opened?.release();
  expect(await reader.open(PLAN.model)).toBeUndefined();

  server.requests.length = 0;
  goOn();
  const again = fetcher.fetch(PLAN);
  await again;
  expect(server.requests.every(({ url, range }) => url === ADDRESS + WEIGHTS.path && (range?.[0] ?? 0) >= 192)).toBe(true);
  expect(await read(await reader.open(PLAN.model), WEIGHTS.path)).toEqual(WEIGHTS.bytes);
});

test("D4 a line that breaks in between is only a longer wait", async () => {
  const { fetcher, reader, server, goOn, isHalfHere } = setting();
  const fetching = fetcher.fetch(PLAN);
  await isHalfHere;
  const opened = await reader.open(PLAN.model);
  const weights = read(opened, WEIGHTS.path);
  goOn(new Response(pieces(WEIGHTS.bytes.slice(192, 230), new AbortController().signal, "break"), { status: 206 }));
  server.spoil = () => undefined;
  expect(await weights).toEqual(WEIGHTS.bytes);
  await Promise.all([fetching, opened?.arrived()]);
  await opened?.release();
});

test("a download that fails ends the wait", async () => {
  const { fetcher, reader, goOn, isHalfHere } = setting();
  const fetching = outcome(fetcher.fetch(PLAN));
  await isHalfHere;
  const opened = await reader.open(PLAN.model);
  const weights = outcome(read(opened, WEIGHTS.path));
  goOn(new Response("gone", { status: 404 }));
  expect(await fetching).toMatchObject({ code: "model-missing" });
  expect(await weights).toMatchObject({ code: "model-missing", detail: { notHere: true } });
  await opened?.release();
});

test("whoever waits can give up, and the download goes on", async () => {
  const { fetcher, reader, goOn, isHalfHere } = setting();
  const fetching = fetcher.fetch(PLAN);
  await isHalfHere;
  const abort = new AbortController();
  const opened = await reader.open(PLAN.model, { signal: abort.signal });
  const weights = outcome(read(opened, WEIGHTS.path));
  abort.abort();
  expect(await weights).toMatchObject({ code: "cancelled" });
  await opened?.release();
  goOn();
  expect(await fetching).toMatchObject({ isComplete: true });
  await fetcher.remove(PLAN.model);
});

test("S9 a model that is waited for is not removed, and one that was given up is", async () => {
  const { fetcher, reader, isHalfHere } = setting();
  const pause = new AbortController();
  const fetching = outcome(fetcher.fetch(PLAN, { signal: pause.signal }));
  await isHalfHere;
  const opened = await reader.open(PLAN.model);
  await expect(reader.remove(PLAN.model)).rejects.toMatchObject({ code: "busy-elsewhere" });
  pause.abort();
  await fetching;
  await opened?.release();
  await reader.remove(PLAN.model);
  expect(await reader.list()).toEqual([]);
});

describe("a large file is read chunk by chunk before it is whole", () => {
  /** Chunks 0 to 2 are here, of 64 bytes each. */
  const HERE = 192;
  const whole = WEIGHTS.bytes.byteLength;

  async function halfHere() {
    const made = setting();
    const fetching = outcome(made.fetcher.fetch(PLAN));
    await made.isHalfHere;
    return { ...made, fetching, opened: await made.reader.open(PLAN.model) };
  }

  /** Gives wrong bytes for the rest of the file, the first time or always. */
  function spoilRest({ server, goOn }: ReturnType<typeof setting>, how: "once" | "always"): void {
    const wrong = (begin: number, end: number): Response => {
      const headers = { "content-range": `bytes ${begin}-${end - 1}/${whole}` };
      return new Response(
        WEIGHTS.bytes.slice(begin, end).map((value) => 255 - value),
        { status: 206, headers },
      );
    };
    goOn(wrong(HERE, HERE + 64));
    const spoiled = new Set<number>([HERE]);
    server.spoil = ({ url, range: [begin, end] = [0, 0] }) => {
      if (!url.endsWith(WEIGHTS.path) || (how === "once" && (spoiled.has(begin) || begin < HERE))) return undefined;
      spoiled.add(begin);
      return wrong(begin, end);
    };
  }

  test("what is here is given, across chunks, and a read beyond it waits for no more than its own chunk", async () => {
    const { opened, goOn, fetching, server } = await halfHere();
    expect(await readFirst(opened, WEIGHTS.path, HERE)).toEqual(WEIGHTS.bytes.slice(0, HERE));
    expect(await readFirst(opened, WEIGHTS.path, 100, 50)).toEqual(WEIGHTS.bytes.slice(50, 150));
    let isRead = false;
    const beyond = readFirst(opened, WEIGHTS.path, 20, HERE - 10).then((bytes) => ((isRead = true), bytes));
    // The chunk after the next one is held back in its turn.
    let goOnAgain: () => void = () => undefined;
    const heldAgain = new Promise<void>((resolve) => (goOnAgain = resolve));
    server.spoil = ({ range }, right) => (range?.[0] === HERE + 64 ? heldAgain.then(right) : undefined);
    expect(isRead).toBe(false);
    goOn();
    expect(await beyond).toEqual(WEIGHTS.bytes.slice(HERE - 10, HERE + 10));
    goOnAgain();
    expect(await read(opened, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
    expect(await opened?.arrived(), "what was read early is what has come").toBe(true);
    expect(await fetching).toBe("done");
    await opened?.release();
  });

  test("control: of a file of one chunk nothing is read before it is whole", async () => {
    const { opened, tools, disk, goOn } = await halfHere();
    const { files } = await tools.journal.contents();
    const id = [...files].find(([, { byteLength }]) => byteLength === CONFIG.bytes.byteLength)?.[0] ?? "";
    disk.put(`${id}.part`, CONFIG.bytes);
    const [wanted] = (await wantedFiles(PLAN)).filter((one) => one.id === id);
    const early = wanted && new EarlyFile(wanted, tools);
    expect(await early?.read(0, new Uint8Array(10))).toBe(false);
    goOn();
    await opened?.arrived();
    await opened?.release();
  });

  test("a file that comes twice with another hash is model-corrupt, and whoever read it early is told that it did not come", async () => {
    const made = await halfHere();
    expect(await readFirst(made.opened, WEIGHTS.path, HERE)).toEqual(WEIGHTS.bytes.slice(0, HERE));
    spoilRest(made, "always");
    const rest = outcome(read(made.opened, WEIGHTS.path));
    expect(await made.fetching).toMatchObject({ code: "model-corrupt" });
    await expect(made.opened?.arrived()).rejects.toMatchObject({ code: "model-missing", detail: { notHere: true } });
    expect(await rest).toMatchObject({ code: "model-missing" });
    await made.opened?.release();
    expect(await made.reader.open(PLAN.model), "nothing of it is offered").toBeUndefined();
    made.server.spoil = () => undefined;
    expect(await made.fetcher.fetch(PLAN), "and it can be fetched anew").toMatchObject({ isComplete: true });
  });

  test("a file whose second try is right was read otherwise, and is right when it is opened anew", async () => {
    const made = await halfHere();
    spoilRest(made, "once");
    // The wrong bytes are read, too.
    const beyond = await readFirst(made.opened, WEIGHTS.path, 64, HERE);
    expect(beyond).not.toEqual(WEIGHTS.bytes.slice(HERE, HERE + 64));
    expect(await made.fetching).toBe("done");
    expect(await made.opened?.arrived()).toBe(false);
    await made.opened?.release();
    const again = await made.reader.open(PLAN.model);
    expect(await read(again, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
    expect(await again?.arrived()).toBe(true);
    await again?.release();
  });

  test("bytes that are not as the journal says are not given, and are waited for", async () => {
    const made = setting();
    const fetching = outcome(made.fetcher.fetch(PLAN));
    await made.isHalfHere;
    const part = [...made.disk.files].find(([name]) => name.endsWith(".part"))?.[1];
    if (part !== undefined) part.now[70] = 255 - (part.now[70] ?? 0);
    const opened = await made.reader.open(PLAN.model);
    expect(await readFirst(opened, WEIGHTS.path, 64)).toEqual(WEIGHTS.bytes.slice(0, 64));
    const rotten = outcome(readFirst(opened, WEIGHTS.path, 64, 64));
    const pause = outcome(opened?.arrived() ?? Promise.resolve());
    await opened?.release();
    expect(await rotten).toMatchObject({ code: "cancelled" });
    expect(await pause).toMatchObject({ code: "cancelled" });
    made.goOn();
    await fetching;
  });

  test("after a pause what is here is read again at once, by whoever opens the model while the download goes on", async () => {
    const made = setting();
    const pause = new AbortController();
    const fetching = outcome(made.fetcher.fetch(PLAN, { signal: pause.signal }));
    await made.isHalfHere;
    const before = await made.reader.open(PLAN.model);
    await readFirst(before, WEIGHTS.path, HERE);
    pause.abort();
    await fetching;
    expect(await outcome(readFirst(before, WEIGHTS.path, HERE + 1))).toMatchObject({ code: "model-missing" });
    await before?.release();
    const again = outcome(made.fetcher.fetch(PLAN));
    const isAsked = new Promise<void>((resolve) => {
      const { spoil } = made.server;
      made.server.spoil = (request, right) => (resolve(), spoil(request, right));
    });
    await isAsked;
    const opened = await made.reader.open(PLAN.model);
    expect(await readFirst(opened, WEIGHTS.path, HERE)).toEqual(WEIGHTS.bytes.slice(0, HERE));
    made.goOn();
    expect(await again).toBe("done");
    expect(await opened?.arrived()).toBe(true);
    await opened?.release();
  });
});
