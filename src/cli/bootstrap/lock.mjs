// One process at a time: what two of them must not do at once in one folder, such as installing packages. Others wait until it is done.
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";

const LOOK_EVERY_MS = 500;

/** A file that is empty for longer was left behind between its making and its filling. */
const EMPTY_AT_MOST_MS = 10_000;

/**
 * @template T
 * @param {string} path of a file that stands while somebody works; its folder exists
 * @param {() => T} work
 * @param {() => void} [onWait] called once if another process has to be waited for
 * @returns {T}
 */
export function alone(path, work, onWait = () => undefined) {
  for (let waits = 0; !isTaken(path); waits++) {
    if (waits === 0) onWait();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_EVERY_MS);
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** @param {string} path @returns {boolean} whether this process may work now */
function isTaken(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  // One that was killed has left it behind.
  if (!isAlive(path)) rmSync(path, { force: true });
  return false;
}

/** @param {string} path @returns {boolean} */
function isAlive(path) {
  try {
    const owner = Number(readFileSync(path, "utf8"));
    return owner === 0 ? Date.now() - statSync(path).mtimeMs < EMPTY_AT_MOST_MS : process.kill(owner, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
