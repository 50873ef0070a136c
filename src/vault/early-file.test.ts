// A large file is read while it is fetched, and what was read of it is told from what has come.
import { describe, expect, test, vi } from "vitest";
import { OnestrokeError } from "../common/errors";
import { EarlyFile } from "./early-file";
import { CONFIG, PLAN, WEIGHTS } from "./testing/small-model";
import { outcome, read, readFirst, setting } from "./testing/two-vaults";
import { wantedFiles } from "./wanted-file";

describe("a large file is read chunk by chunk before it is whole", () => {
  /** Chunks 0 to 2 are here, of 64 bytes each. */
  const HERE = 192;
  const whole = WEIGHTS.bytes.byteLength;

  async function halfHere(...changed: Parameters<typeof setting>) {
    const made = setting(...changed);
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
    const ended = await rest;
    // The wrong bytes may all have been given before it was known that they are wrong.
    if (ended !== "done") expect(ended).toMatchObject({ code: "model-missing" });
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

  test("it gets its last name when nobody reads it: not every system renames a file that is open", async () => {
    let isOpen = false;
    let [begin, goOnReading]: [() => void, () => void] = [() => undefined, () => undefined];
    const isReading = new Promise<void>((resolve) => (begin = resolve));
    const isLet = new Promise<void>((resolve) => (goOnReading = resolve));
    const made = await halfHere((folder) => ({
      ...folder,
      blob: async (name) => {
        const blob = (await folder.blob(name)) ?? new Blob();
        const slice = (from: number, to: number): Blob => {
          const piece = Blob.prototype.slice.call(blob, from, to);
          const arrayBuffer = async (): Promise<ArrayBuffer> => {
            isOpen = true;
            begin();
            await isLet;
            isOpen = false;
            return Blob.prototype.arrayBuffer.call(piece);
          };
          return Object.assign(piece, { arrayBuffer });
        };
        return Object.assign(blob, { slice });
      },
      move: async (from, to) => {
        if (isOpen) throw new OnestrokeError("storage-cleared", `${from} is open`);
        await folder.move(from, to);
      },
    }));
    const first = readFirst(made.opened, WEIGHTS.path, 64);
    await isReading;
    made.goOn();
    const isNamed = async (): Promise<boolean> =>
      [...(await made.tools.journal.contents()).files.values()].some(
        ({ byteLength, sha256 }) => byteLength === whole && sha256 !== undefined,
      );
    await vi.waitFor(async () => expect(await isNamed()).toBe(true));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve));
    goOnReading();
    expect(await first).toEqual(WEIGHTS.bytes.slice(0, 64));
    expect(await made.fetching).toBe("done");
    expect(await made.opened?.arrived()).toBe(true);
    await made.opened?.release();
  });
});
