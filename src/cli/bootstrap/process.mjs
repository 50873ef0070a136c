// Runs other programs for the two commands that a newcomer types. It is plain JavaScript without
// dependencies, because it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { alone } from "./lock.mjs";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/**
 * Runs a program in the repository with its output shown.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [variables]
 * @returns {boolean} whether it ended with 0
 */
export function run(program, args, variables = {}) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...variables } });
  if (error !== undefined) console.error(`${program}: ${error.message}`);
  return status === 0;
}

/**
 * Runs a program quietly.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [variables]
 * @returns {string | undefined} what it printed; undefined if it failed or does not exist
 */
export function output(program, args, variables = {}) {
  const { status, stdout } = spawnSync(program, args, { cwd: ROOT, encoding: "utf8", env: { ...process.env, ...variables } });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Runs a tool of this repository with the same Node as this process.
 * @param {string} name
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [variables]
 */
export function runTool(name, args, variables = {}) {
  const path = `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env["PATH"] ?? ""}`;
  return run(name, args, { PATH: path, ...variables });
}

/** Ends the process if this Node cannot run the project. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Onestroke needs Node 20.19 or later; this is ${process.versions.node}.`);
  process.exit(1);
}

/** Installs the packages of package-lock.json if they are missing or older than it. Who does so in this folder already is waited for. */
export function ensurePackages() {
  if (hasPackages()) return;
  const lock = join(tmpdir(), `onestroke-install-${createHash("sha256").update(ROOT).digest("hex").slice(0, 16)}`);
  const wait = "Packages are being installed in this folder already: waiting for that";
  alone(lock, install, () => console.log(`${wait}. If nothing installs them, remove ${lock}`));
}

/** @returns {boolean} */
function hasPackages() {
  const installed = join(ROOT, "node_modules/.package-lock.json");
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(ROOT, "package-lock.json")).mtimeMs;
}

function install() {
  if (hasPackages()) return;
  console.log("Installing packages (npm ci)");
  if (run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"])) return;
  console.error("npm ci failed: check the connection to the package registry, then run the command again.");
  process.exit(1);
}
