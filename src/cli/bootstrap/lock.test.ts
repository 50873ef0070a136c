// Two processes in one folder: what must not be done at once is done one after the other, and one that was killed is not waited for.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { alone } from "./lock.mjs";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "onestroke-lock-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that writes when it begins and ends, and works in between. */
function other(name: string): Promise<void> {
  const script = `
    import { appendFileSync } from "node:fs";
    import { alone } from ${JSON.stringify(join(import.meta.dirname, "lock.mjs"))};
    alone(${JSON.stringify(join(folder, "lock"))}, () => {
      appendFileSync(${JSON.stringify(join(folder, "log"))}, "${name} begins\\n");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      appendFileSync(${JSON.stringify(join(folder, "log"))}, "${name} ends\\n");
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  return new Promise((resolve, reject) =>
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${name} ended with ${code}`)))),
  );
}

test("two processes work one after the other", async () => {
  await Promise.all([other("left"), other("right")]);
  const log = readFileSync(join(folder, "log"), "utf8").trim().split("\n");
  const [first] = log[0]?.split(" ") ?? [];
  const second = first === "left" ? "right" : "left";
  expect(log).toEqual([`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`]);
  expect(existsSync(join(folder, "lock"))).toBe(false);
});

test("one that was killed is not waited for, and what the work throws lets the next one in", () => {
  const lock = join(folder, "lock");
  // No process of Linux has this number.
  writeFileSync(lock, String(2 ** 22 + 1));
  const onWait = vi.fn();
  const fail = (): never => {
    throw new Error("it failed");
  };
  expect(() => alone(lock, fail, onWait)).toThrow("it failed");
  expect(onWait).toHaveBeenCalledOnce();
  writeFileSync(lock, "");
  utimesSync(lock, 0, 0);
  expect(
    alone(lock, () => "done"),
    "killed before it wrote who it is",
  ).toBe("done");
  expect(alone(lock, () => "done", onWait)).toBe("done");
  expect(onWait).toHaveBeenCalledOnce();
});
