// A picture is put onto the page once: its glow has few pixels of its own, in the picture's colours.
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Picture } from "../../common/picture";
import { drawingOf, setUp } from "../testing/fake-app";
import { AppContext } from "../use-app";
import { glowOf } from "./glow";
import { Stage } from "./stage";

/** Black above; red below, with every other eight columns white. */
function striped(width: number, height: number): Picture {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let at = 0; at < width * height; at++) {
    const isBelow = at >= (width * height) / 2;
    data.set(isBelow ? (Math.floor(at / 8) % 2 === 0 ? [255, 0, 0, 255] : [255, 255, 255, 255]) : [0, 0, 0, 255], 4 * at);
  }
  return { width, height, data };
}

test("the stage puts the pixels of a large picture once; control: it puts them", async () => {
  vi.stubGlobal("navigator", {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const { app, state } = setUp("size=1024x1024", async (recipe) => drawingOf(recipe));
  await app.start();
  // Markup is made of a store's first state.
  const now = { ...app, store: { ...app.store, getInitialState: state } };
  const page = renderToStaticMarkup(createElement(AppContext, { value: now }, createElement(Stage)));
  const canvases = [...page.matchAll(/<canvas width="(\d+)" height="(\d+)"/g)];
  const bytes = canvases.reduce((sum, [, width, height]) => sum + 4 * Number(width) * Number(height), 0);
  const once = state().shown?.picture.data.byteLength ?? 0;
  expect(once).toBe(4 * 1024 * 1024);
  expect(canvases, "the picture and its glow").toHaveLength(2);
  expect(bytes).toBeGreaterThanOrEqual(once);
  expect(bytes).toBeLessThanOrEqual(once + 4 * 64 * 64);
});

test("a glow has the ratio and the mean colours of its picture", () => {
  const { width, height, data } = glowOf(striped(1024, 512));
  expect([width, height, data.length]).toEqual([64, 32, 4 * 64 * 32]);
  expect(Array.from(data.slice(0, 4))).toEqual([0, 0, 0, 255]);
  expect(Array.from(data.slice(-4))).toEqual([255, 128, 128, 255]);
});

test("a picture that has few pixels is its own glow", () => {
  const small = striped(64, 32);
  expect(glowOf(small)).toBe(small);
});
