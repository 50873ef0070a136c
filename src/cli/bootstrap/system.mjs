// What the tests need besides npm packages: a Chromium, and a Vulkan driver in software
// for machines without a GPU. They are installed where one command does it (Debian, as root); elsewhere
// the advice says what to install. The app itself needs none of this.
import { readFileSync } from "node:fs";
import { BACKPORTS, installPackages } from "./apt.mjs";
import { chromiumPath, gpuEnvironment } from "./environment.mjs";
import { output } from "./process.mjs";

/** Older versions of Mesa's software driver have no 16-bit floats in shaders. */
const LEAST_MESA = 25;

/**
 * Installs what is missing, if it can.
 * @returns {{ chromium: boolean, advice: string[] }} whether there is a browser now, and what to do about what is missing
 */
export function ensureSystem() {
  const missing = canInstall() ? missingPackages() : [];
  if (missing.length > 0) install(missing);
  const chromium = chromiumPath() !== undefined;
  const formats = output(process.execPath, ["--import", "tsx", "src/cli/bootstrap/probe-adapter.ts"], gpuEnvironment());
  return { chromium, advice: adviceOn({ chromium, formats }) };
}

/**
 * @param {{ chromium: boolean, formats: string | undefined }} found `formats`: what probe-adapter.ts printed
 * @returns {string[]} what to install, and what was not tested without it
 */
export function adviceOn({ chromium, formats }) {
  const advice = [];
  if (!chromium) {
    advice.push("no Chromium, so no end-to-end tests: install one (Debian: apt install chromium), or set CHROMIUM to its path");
  }
  const mesa = `install Mesa's software Vulkan driver, ${LEAST_MESA} or later (Debian 12: apt install -t ${BACKPORTS} mesa-vulkan-drivers libvulkan1)`;
  if (formats === undefined) advice.push(`no WebGPU adapter, so no kernel was tested: ${mesa}`);
  else if (formats !== "float16") advice.push(`no 16-bit floats on this adapter, so no float16 kernel was tested: ${mesa}`);
  return advice;
}

function canInstall() {
  return (
    process.platform === "linux" &&
    process.getuid?.() === 0 &&
    output("apt-get", ["--version"]) !== undefined &&
    releaseField("ID") === "debian"
  );
}

/** @returns {string[]} Debian packages */
function missingPackages() {
  const packages = [];
  if (chromiumPath() === undefined) packages.push("chromium");
  if (output("dpkg-query", ["-W", "-f=${Version}", "libvulkan1"]) === undefined) packages.push("libvulkan1");
  const mesa = output("dpkg-query", ["-W", "-f=${Version}", "mesa-vulkan-drivers"]);
  if (mesa === undefined || Number.parseInt(mesa, 10) < LEAST_MESA) packages.push("mesa-vulkan-drivers");
  return packages;
}

/** @param {readonly string[]} packages */
function install(packages) {
  console.log(`Installing ${packages.join(", ")} (apt)`);
  const isBookworm = releaseField("VERSION_CODENAME") === "bookworm";
  const failed = installPackages(packages, { fromBackports: isBookworm ? ["mesa-vulkan-drivers"] : [] });
  if (failed.length > 0) console.error(`apt could not install ${failed.join(", ")}`);
}

/** @param {string} name a field of /etc/os-release */
function releaseField(name) {
  try {
    return new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
