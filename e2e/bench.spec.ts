// Runs the benchmark page at small shapes: both engines run every row and agree, because a row whose
// results differ is refused before it is timed. Times mean nothing at this size.
import { expect, test } from "@playwright/test";
import { openBenchPage, pageCourse } from "../src/cli/bench/open-page";

test("both engines of the benchmark give the same results", async () => {
  const page = await openBenchPage();
  try {
    const lines: string[] = [];
    const { adapter, rows } = await page.run("small", (line) => lines.push(line));
    expect(adapter).toMatch(/swiftshader/);
    expect(rows.map(({ name }) => name.split(" ")[0])).toEqual(["matmul", "conv", "self-attention", "residual"]);
    for (const { oursMs, ortMs, ratio } of rows) expect(ratio).toBeCloseTo(ortMs / oursMs);
    expect(lines).toHaveLength(1 + rows.length);
  } finally {
    await page.close();
  }
});

test("both engines run in a race, each alone and then side by side", async () => {
  const course = await pageCourse();
  try {
    const [ours, onnxruntime] = [await course.cold("vignette-text", "ours"), await course.cold("vignette-text", "onnxruntime")];
    // The weights alone are 1.9 MB in float16, which is what ours are.
    for (const { ms, peakBytes } of [ours, onnxruntime]) {
      expect(ms).toBeGreaterThan(0);
      expect(peakBytes).toBeGreaterThan(1.8e6);
    }
    const { samples, difference } = await course.warm("vignette-text");
    expect(samples.ours.length).toBe(samples.onnxruntime.length);
    expect(difference).toBeLessThan(1e-3);
  } finally {
    await course.close();
  }
});
