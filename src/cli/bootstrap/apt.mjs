// Debian packages for the tests, which `npm test` installs when it runs as root. Each is a separate transaction, because
// a mirror without one of them must not prevent the others. A change that turns out to be of no use is undone.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./process.mjs";

export const BACKPORTS = "bookworm-backports";

/**
 * @param {readonly string[]} packages the most useful to the tests first
 * @param {{ fromBackports: readonly string[], folder?: string, apt?: (...args: string[]) => boolean }} options
 *   `fromBackports` names those that are needed in a newer version than Debian 12 has
 * @returns {string[]} the packages that could not be installed
 */
export function installPackages(packages, { fromBackports, folder = "/etc/apt", apt = aptGet }) {
  apt("update");
  return packages.filter((name) => {
    const options = ["-y", "--no-install-recommends"];
    if (!fromBackports.includes(name)) return !apt("install", ...options, name);
    const added = addBackports(folder);
    if ((added === undefined || apt("update")) && apt("install", ...options, "-t", BACKPORTS, name)) return false;
    if (added !== undefined) rmSync(added);
    return true;
  });
}

/** @param {string[]} args */
function aptGet(...args) {
  return run("apt-get", args, { DEBIAN_FRONTEND: "noninteractive" });
}

/**
 * Adds Debian's backports from the mirror that this machine already uses.
 * @param {string} folder apt's configuration folder
 * @returns {string | undefined} the file that was written; undefined if backports are already listed, or there is no mirror
 */
function addBackports(folder) {
  const lists = join(folder, "sources.list.d");
  const files = [join(folder, "sources.list"), ...readdirSync(lists).map((name) => join(lists, name))];
  const sources = files
    .filter((path) => /\.(list|sources)$/.test(path))
    .map(readWithoutComments)
    .join("\n");
  if (sources.includes(BACKPORTS)) return undefined;
  const mirror = /^(?:URIs:|deb)\s.*?(https?:\/\/\S+\/debian)\/?(?=\s|$)/m.exec(sources)?.[1];
  // Without a mirror, apt reports that the packages are not available.
  if (mirror === undefined) return undefined;
  const file = join(lists, `${BACKPORTS}.list`);
  writeFileSync(file, `deb ${mirror} ${BACKPORTS} main\n`);
  return file;
}

/** @param {string} path */
function readWithoutComments(path) {
  try {
    return readFileSync(path, "utf8").replaceAll(/#.*/g, "");
  } catch {
    return "";
  }
}
