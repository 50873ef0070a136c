// How much a visitor downloads before anything can be drawn, in bytes after gzip. Each bound is the size of today and a tenth more, so
// that what makes the page larger is decided and not overlooked.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";

const gzipped = (path: string): number => gzipSync(readFileSync(`dist/${path}`), { level: 9 }).byteLength;
const assets = (pattern: RegExp): readonly string[] =>
  readdirSync("dist/assets")
    .filter((name) => pattern.test(name))
    .map((name) => `assets/${name}`);
const sum = (paths: readonly string[]): number => paths.reduce((total, path) => total + gzipped(path), 0);

test("the page and its workers, without ONNX Runtime", () => {
  const shell = ["index.html", "icon.svg", ...assets(/\.(?:js|css)$/).filter((path) => !/\/ort\.|\/load-browser-|\/model-/.test(path))];
  expect(sum(shell)).toBeLessThan(PAGE);
});

test("the scripts of ONNX Runtime's engine, all three of its builds", () => {
  expect(sum(assets(/^(?:ort\.|load-browser-|model-).*\.js$/))).toBeLessThan(ONNX_RUNTIME);
});

test("the service worker, of which Workbox is the most", () => {
  expect(gzipped("sw.js")).toBeLessThan(SERVICE_WORKER);
});

/** 188.7 kB today. */
const PAGE = 207_000;
/** 112.6 kB today. */
const ONNX_RUNTIME = 124_000;
/** 6.8 kB today. */
const SERVICE_WORKER = 8_000;
