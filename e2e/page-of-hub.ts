// The built page for another hub, as a host makes it: the hub's address is in the page, and its origins in the policy. The
// service worker knows the page by its digest.
import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DIST } from "./static-host";

const HUGGING_FACE = "https://huggingface.co";

/**
 * @param into an empty folder
 * @param base the hub's address
 * @param files the origin that it redirects large files to
 */
export function writePageOfHub(into: string, base: string, files: string): void {
  for (const name of readdirSync(DIST)) {
    if (name === "index.html" || name === "sw.js") cpSync(join(DIST, name), join(into, name));
    else symlinkSync(resolve(DIST, name), join(into, name));
  }
  const digest = (): string =>
    createHash("md5")
      .update(readFileSync(join(into, "index.html")))
      .digest("hex");
  const rewrite = (name: string, change: (text: string) => string): void => {
    writeFileSync(join(into, name), change(readFileSync(join(into, name), "utf8")));
  };
  const withHub = (text: string): string =>
    text.replaceAll("https://*.hf.co", files).replaceAll("https://*.huggingface.co", base).replaceAll(HUGGING_FACE, base);
  const before = digest();
  rewrite("index.html", withHub);
  rewrite("sw.js", (text) => withHub(text).replaceAll(before, digest()));
}
