// What the tests need besides npm packages: a Chromium, and a Vulkan driver in software
// for machines without a GPU. Installed where that is one command (Debian, as root); said
// in words everywhere else. Nothing here is needed to use the app.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { chromiumPath, lavapipeManifest } from "./environment.mjs";
import { output, run } from "./process.mjs";

/** Before this Mesa's software driver has no 16-bit floats in shaders. */
const LEAST_MESA = 25;
const BACKPORTS = "bookworm-backports";

/**
 * Installs what is missing where it can.
 * @returns {{ chromium: boolean, vulkan: boolean, advice: string[] }} what is there now, and what to do about the rest
 */
export function ensureSystem() {
  if (canInstall()) {
    const missing = missingPackages();
    if (missing.length > 0) install(missing);
  }
  const chromium = chromiumPath() !== undefined;
  const vulkan = process.env["VK_ICD_FILENAMES"] !== undefined || lavapipeManifest() !== undefined;
  const advice = [];
  if (!chromium) advice.push("no Chromium found: install one (Debian: apt install chromium), or set CHROMIUM to its path");
  if (!vulkan && process.platform === "linux") {
    advice.push(
      `no software Vulkan driver found: install Mesa's, ${LEAST_MESA} or later (Debian 12: apt install -t ${BACKPORTS} mesa-vulkan-drivers libvulkan1)`,
    );
  }
  return { chromium, vulkan, advice };
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
  const mesa = output("dpkg-query", ["-W", "-f=${Version}", "mesa-vulkan-drivers"]);
  if (mesa === undefined || Number.parseInt(mesa, 10) < LEAST_MESA) packages.push("mesa-vulkan-drivers");
  if (output("dpkg-query", ["-W", "-f=${Version}", "libvulkan1"]) === undefined) packages.push("libvulkan1");
  return packages;
}

/** @param {readonly string[]} packages */
function install(packages) {
  console.log(`Installing ${packages.join(", ")} (apt)`);
  const options = ["-y", "--no-install-recommends"];
  if (releaseField("VERSION_CODENAME") === "bookworm" && packages.includes("mesa-vulkan-drivers")) {
    addBackports();
    options.push("-t", BACKPORTS);
  }
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  if (!run("apt-get", ["update"], quiet) || !run("apt-get", ["install", ...options, ...packages], quiet)) {
    console.error(`apt could not install ${packages.join(", ")}`);
  }
}

/** Adds Debian's backports from the mirror this machine already uses. */
function addBackports() {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list", ...readdirSync(folder).map((name) => `${folder}/${name}`)].filter((path) =>
    /\.(list|sources)$/.test(path),
  );
  const sources = files.map((path) => tryRead(path)).join("\n");
  if (sources.includes(BACKPORTS)) return;
  const mirror = /^(?:URIs:|deb)\s.*?(https?:\/\/\S+\/debian)\/?(?=\s|$)/m.exec(sources)?.[1];
  // Without one, apt says below that the packages are not to be had.
  if (mirror !== undefined) writeFileSync(`${folder}/${BACKPORTS}.list`, `deb ${mirror} ${BACKPORTS} main\n`);
}

/** @param {string} name a field of /etc/os-release */
function releaseField(name) {
  return new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(tryRead("/etc/os-release"))?.[1];
}

/** @param {string} path */
function tryRead(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
