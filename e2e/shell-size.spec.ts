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

/** Scripts that are fetched when they are needed: an engine when it is chosen, the keeping of models when they are looked at, archives. */
const ONNX_SCRIPTS = /^(?:ort\.|load-browser-|model-).*\.js$/;
const MODELS_SCRIPTS = /^(?:storage-entry-|inspect-model-|outline-).*\.js$/;
const ARCHIVE_SCRIPTS = /^(?:archive-|importing-).*\.js$/;

test("the page and its worker", () => {
  const later = new Set([ONNX_SCRIPTS, MODELS_SCRIPTS, ARCHIVE_SCRIPTS].flatMap((scripts) => assets(scripts)));
  expect(sum(["index.html", "icon.svg", ...assets(/\.(?:js|css)$/).filter((path) => !later.has(path))])).toBeLessThan(PAGE);
});

test("what keeps models and asks the hub", () => {
  expect(sum(assets(MODELS_SCRIPTS))).toBeLessThan(MODELS);
});

test("what packs the gallery into a ZIP and reads one", () => {
  expect(sum(assets(ARCHIVE_SCRIPTS))).toBeLessThan(ARCHIVES);
});

test("the scripts of ONNX Runtime's engine, all three of its builds", () => {
  expect(sum(assets(ONNX_SCRIPTS))).toBeLessThan(ONNX_RUNTIME);
});

test("the service worker, of which Workbox is the most", () => {
  expect(gzipped("sw.js")).toBeLessThan(SERVICE_WORKER);
});

/** 313.9 kB today. */
const PAGE = 345_000;
/** 94.9 kB today, with the readers of every format: what has no safetensors is planned too. */
const MODELS = 104_000;
/** 5.7 kB today. */
const ARCHIVES = 6_300;
/** 112.8 kB today. */
const ONNX_RUNTIME = 124_000;
/** 7.3 kB today. */
const SERVICE_WORKER = 8_000;
