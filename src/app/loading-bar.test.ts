// One bar for all of loading: it only grows, whatever is reported in whatever order, and is full when all is done.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Progress } from "../common/progress";
import { createLoadingBar } from "./loading-bar";

const load = (component: string, loadedBytes: number, totalBytes: number): Progress => ({
  stage: "load",
  component,
  loadedBytes,
  totalBytes,
});
const compile = (component: string, pipelines: number, totalPipelines: number): Progress => ({
  stage: "compile",
  component,
  pipelines,
  totalPipelines,
});

/** As the worker reports a model of three parts. */
const READING = [
  load("text_encoder", 20, 100),
  compile("text_encoder", 0, 10),
  compile("text_encoder", 10, 10),
  load("unet", 0, 100),
  load("unet", 90, 100),
  compile("unet", 0, 40),
  compile("unet", 40, 40),
  load("vae", 100, 100),
  compile("vae", 20, 20),
];

const shown = (reports: readonly Progress[]) => reports.map(createLoadingBar());
const shares = (reports: readonly Progress[]): readonly number[] => shown(reports).map(({ share }) => share);

test("a first visit: fetching takes the most of it, and it ends full", () => {
  const bar = shares([load("files", 0, 100), load("files", 50, 100), load("files", 100, 100), ...READING]);
  expect(bar[0]).toBe(0);
  expect(bar[1]).toBeCloseTo(0.3);
  expect(bar[2]).toBeCloseTo(0.6);
  expect(bar.at(-1)).toBeCloseTo(1);
});

test("a later visit: nothing is fetched, and it begins empty all the same", () => {
  const bar = shares([load("files", 100, 100), ...READING]);
  expect(bar[0]).toBe(0);
  expect(bar[1]).toBeCloseTo(0.08);
  expect(bar.at(-1)).toBeCloseTo(1);
});

test("parts that load while others are fetched: the bar grows with both, and the line says what is waited for", () => {
  const reports = [
    load("files", 10, 100),
    load("text_encoder", 20, 120),
    compile("text_encoder", 10, 10),
    load("files", 60, 100),
    load("vae", 30, 120),
    load("files", 100, 100),
    load("unet", 120, 120),
    compile("unet", 40, 40),
  ];
  const bar = shares(reports);
  expect(new Set(bar).size).toBe(bar.length);
  expect(bar).toEqual(bar.toSorted((a, b) => a - b));
  expect(bar.at(-1)).toBeCloseTo(1);
  const told = shown(reports).map(({ progress }) => reports.indexOf(progress));
  expect(told).toEqual([0, 0, 0, 3, 3, 5, 6, 7]);
});

test("it never runs backwards and never over its end", () => {
  const component = fc.constantFrom("files", "onnxruntime", "unet", "vae");
  const part = fc.tuple(fc.nat(100), fc.nat(100)).map((pair) => pair.toSorted((a, b) => a - b));
  const report = fc.oneof(
    fc.tuple(component, part).map(([name, [done = 0, total = 0]]) => load(name, done, total)),
    fc.tuple(component, part).map(([name, [done = 0, total = 0]]) => compile(name, done, total)),
    fc.constant<Progress>({ stage: "encode" }),
  );
  fc.assert(
    fc.property(fc.array(report), (reports) => {
      const bar = shares(reports);
      expect(bar).toEqual(bar.toSorted((a, b) => a - b));
      expect(bar.every((value) => value >= 0 && value <= 1)).toBe(true);
    }),
  );
});
