// A new version of the built page, as a deploy brings it: the scripts of page and worker have other contents and other names, and the
// service worker lists them. It is made of the build itself, because building twice takes longer and changes no more.
import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DIST } from "./static-host";

export const TAGLINE = "Pictures from a sentence, in one step, on your own device";
export const NEXT_TAGLINE = "Pictures from a sentence, in the next version";

/** @param into an empty folder */
export function writeNextVersion(into: string): void {
  const isSmall = (path: string): boolean => !/\.wasm$|[/\\]models$/.test(path);
  cpSync(DIST, into, { recursive: true, filter: isSmall });
  symlinkSync(resolve(DIST, "models"), join(into, "models"));
  const assets = join(into, "assets");
  for (const name of readdirSync(resolve(DIST, "assets")).filter((each) => each.endsWith(".wasm"))) {
    symlinkSync(resolve(DIST, "assets", name), join(assets, name));
  }
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  const text = (path: string): string => readFileSync(join(into, path), "utf8");
  // A file that names a file of the next version is one itself.
  const changed = new Set(scripts.filter((name) => /^(?:index|entry)-/.test(name)));
  for (let before = 0; before !== changed.size;) {
    before = changed.size;
    for (const name of scripts) if ([...changed].some((other) => text(`assets/${name}`).includes(other))) changed.add(name);
  }
  const nextName = (name: string): string => name.replace(/.{8}\.js$/, "Next1234.js");
  const renamed = (contents: string): string => [...changed].reduce((now, name) => now.replaceAll(name, nextName(name)), contents);
  const digest = (algorithm: string, path: string, form: "base64" | "hex"): string =>
    createHash(algorithm)
      .update(readFileSync(join(into, path)))
      .digest(form);

  /** What the service worker lists of a file's contents, before and after. */
  const digests: [before: string, after: string][] = [];
  const rewrite = (path: string, algorithm: string, form: "base64" | "hex", change: (contents: string) => string): void => {
    const before = digest(algorithm, path, form);
    writeFileSync(join(into, path), change(text(path)));
    digests.push([before, digest(algorithm, path, form)]);
  };
  for (const name of changed)
    rewrite(`assets/${name}`, "sha256", "base64", (contents) => renamed(contents).replaceAll(TAGLINE, NEXT_TAGLINE));
  rewrite("index.html", "md5", "hex", renamed);
  const list = digests.reduce((now, [before, after]) => now.replaceAll(before, after), renamed(text("sw.js")));
  writeFileSync(join(into, "sw.js"), list);
  for (const name of changed) renameSync(join(assets, name), join(assets, nextName(name)));
}
