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
  const [page = "", worker = ""] = ["index-", "entry-"].map((start) =>
    readdirSync(assets).find((name) => name.startsWith(start) && name.endsWith(".js")),
  );
  const nextName = (name: string): string => name.replace(/.{8}\.js$/, "Next1234.js");
  const rewrite = (path: string, change: (text: string) => string): void => {
    writeFileSync(join(into, path), change(readFileSync(join(into, path), "utf8")));
  };
  const renamed = (text: string): string => text.replaceAll(page, nextName(page)).replaceAll(worker, nextName(worker));
  const digest = (algorithm: string, path: string, form: "base64" | "hex"): string =>
    createHash(algorithm)
      .update(readFileSync(join(into, path)))
      .digest(form);

  const before = { page: digest("sha256", `assets/${page}`, "base64"), html: digest("md5", "index.html", "hex") };
  rewrite(`assets/${page}`, (text) => renamed(text).replaceAll(TAGLINE, NEXT_TAGLINE));
  rewrite("index.html", renamed);
  const after = { page: digest("sha256", `assets/${page}`, "base64"), html: digest("md5", "index.html", "hex") };
  rewrite("sw.js", (text) => renamed(text).replaceAll(before.page, after.page).replaceAll(before.html, after.html));
  for (const name of [page, worker]) renameSync(join(assets, name), join(assets, nextName(name)));
}
