// Runs the benchmark page at small shapes: both engines run every row and agree, because a row whose
// results differ is refused before it is timed. Times mean nothing at this size.
import { expect, test } from "@playwright/test";
import { openBenchPage } from "../src/cli/bench/open-page";

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
