// A model is opened while somebody else fetches it: what is whole is read, the rest is waited for, and however the download ends, nobody
// waits for ever and nothing that has come is lost.
import { expect, test } from "vitest";
import { planBytes } from "../common/download";
import { fileVault } from "./file-vault";
import type { Locks } from "./locks";
import { toolsOn } from "./testing/fake-disk";
import { pieces } from "./testing/fake-server";
import { ADDRESS } from "./testing/plans";
import { CONFIG, ENCODER, PLAN, WEIGHTS } from "./testing/small-model";
import { outcome, read, setting } from "./testing/two-vaults";

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
