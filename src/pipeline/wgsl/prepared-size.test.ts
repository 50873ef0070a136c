// A model is opened for the picture that is wanted first: nothing is compiled for another size before it, and nothing for it again.
import { expect, test } from "vitest";
import type { Progress } from "../../common/progress";
import { testDevice } from "../../engine/testing/evaluate";
import { SMALL, studentManifest } from "../testing/embedded-student";
import { openWgslModel } from "./model";

const { width, height } = SMALL;

/** Pipelines that are compiled, or found to be there, after the model was opened. */
async function compiledByDrawing(size: { readonly width: number; readonly height: number } | undefined): Promise<number> {
  const model = await openWgslModel(await studentManifest(), await testDevice(), {}, { size });
  const compiled: Progress[] = [];
  await model.draw(SMALL, { onProgress: (progress) => progress.stage === "compile" && compiled.push(progress) });
  await model.dispose();
  return compiled.length;
}

test("a picture of the size that was said compiles nothing", async () => {
  expect(await compiledByDrawing({ width, height })).toBe(0);
});

test.each([
  ["none was said", undefined],
  ["it is no multiple of what the model draws", { width: width + 1, height }],
  ["it takes more than the model's own", { width: 2048, height: 2048 }],
])("control: the model is opened for its own size where %s", async (_, size) => {
  expect(await compiledByDrawing(size)).toBeGreaterThan(0);
});
