// One worker at a time: who is dead says so once, and who was ended says nothing more.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { OnestrokeError } from "../common/errors";
import type { Listeners } from "./start-worker";
import { WatchedWorker } from "./watched-worker";

type Said = { readonly type: "pong" } | { readonly type: "news"; readonly text: string };

const PATIENCE = { tickMs: 100, silentTicks: 3, startingTicks: 20 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp({ answers = true } = {}) {
  const workers: Listeners<Said>[] = [];
  const posted: unknown[] = [];
  const heard: string[] = [];
  const deaths: string[] = [];
  const setting = { answers };
  const worker = new WatchedWorker<{ readonly type: "work" }, Said>(
    (listeners) => {
      workers.push(listeners);
      return {
        post: (message) => {
          posted.push(message);
          if (message.type === "ping" && setting.answers) listeners.onMessage({ type: "pong" });
        },
        terminate: () => posted.push("ended"),
      };
    },
    PATIENCE,
    {
      name: "test worker",
      onMessage: (message) => heard.push(message.type),
      onDeath: (error) => deaths.push(OnestrokeError.from(error, "worker-died").message),
    },
  );
  return { worker, workers, posted, heard, deaths, setting };
}

describe("a watched worker", () => {
  test("that answers lives, and what it says is passed on, but for its pongs", async () => {
    const { worker, workers, heard, deaths } = setUp();
    worker.start();
    worker.watch();
    await vi.advanceTimersByTimeAsync(10_000);
    workers[0]?.onMessage({ type: "news", text: "here" });
    expect([heard, deaths]).toEqual([["news"], []]);
    worker.rest();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that is silent is dead after so many ticks, unless it is mute", async () => {
    const { worker, deaths, setting } = setUp({ answers: false });
    worker.start();
    worker.isMute = true;
    worker.watch();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(deaths).toEqual([]);
    setting.answers = true;
    await vi.advanceTimersByTimeAsync(100);
    worker.isMute = false;
    setting.answers = false;
    await vi.advanceTimersByTimeAsync(300);
    expect(deaths).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(deaths).toEqual(["the test worker no longer answers"]);
    worker.rest();
  });

  test("that says something, though not to pings, lives: it works on its own thread, and comes to them later", async () => {
    const { worker, workers, deaths } = setUp({ answers: false });
    worker.start();
    worker.watch();
    for (let said = 0; said < 20; said++) {
      workers[0]?.onMessage({ type: "news", text: `${said}` });
      await vi.advanceTimersByTimeAsync(250);
    }
    expect(deaths).toEqual([]);
    await vi.advanceTimersByTimeAsync(400);
    expect(deaths.length, "control: then it says nothing any more").toBeGreaterThan(0);
    worker.rest();
  });

  test("whose script comes slowly has longer for its first word", async () => {
    const { worker, deaths } = setUp({ answers: false });
    worker.start();
    worker.watch();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(deaths).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(deaths, "control: but not for ever").toEqual(["the test worker no longer answers"]);
    worker.rest();
  });

  test("W7 of a tab that was frozen for an hour has missed nothing: ticks are counted, and not the time", async () => {
    const { worker, deaths, setting } = setUp();
    worker.start();
    worker.watch();
    await vi.advanceTimersByTimeAsync(250);
    setting.answers = false;
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(200);
    setting.answers = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(deaths).toEqual([]);
    setting.answers = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(deaths.length, "control: one that is silent for as many ticks").toBeGreaterThan(0);
    worker.rest();
  });

  test("that was ended is heard no more, and its successor begins anew", async () => {
    const { worker, workers, heard, deaths, posted } = setUp({ answers: false });
    worker.start();
    worker.watch();
    await vi.advanceTimersByTimeAsync(300);
    worker.end();
    expect([worker.isThere, posted.at(-1)]).toEqual([false, "ended"]);
    worker.post({ type: "work" });
    expect(posted.at(-1)).toBe("ended");
    worker.start();
    workers[0]?.onMessage({ type: "news", text: "late" });
    workers[0]?.onError("late");
    await vi.advanceTimersByTimeAsync(300);
    expect([heard, deaths]).toEqual([[], []]);
    workers[1]?.onError("its script could not be loaded");
    expect(deaths).toEqual(["the test worker failed: its script could not be loaded"]);
    worker.rest();
  });
});
