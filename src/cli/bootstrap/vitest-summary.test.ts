// A test run on a machine without an adapter: tests that compute on a GPU are skipped with the reason, and
// (the control) the test beside them that does not is run.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parseJsonObject } from "../../common/json";

test("without an adapter GPU tests are skipped, each with the reason", ({ skip }) => {
  skip(process.platform !== "linux", "only Linux can be told to find no driver");
  const scratch = mkdtempSync(join(tmpdir(), "onestroke-summary-"));
  const file = join(scratch, "summary.json");
  const args = ["run", "src/engine/kernels/embedding", "--reporter=./src/cli/bootstrap/vitest-summary.mjs"];
  const env = { ...process.env, ONESTROKE_SUMMARY: file, VK_ICD_FILENAMES: join(scratch, "none.json") };
  expect(spawnSync(resolve("node_modules/.bin/vitest"), args, { env }).status).toBe(0);
  const { passed, failed, skipped } = parseJsonObject(readFileSync(file, "utf8"), file);
  rmSync(scratch, { recursive: true });
  expect([passed, failed]).toEqual([1, 0]);
  expect(Array.isArray(skipped) && skipped.length).toBeGreaterThan(0);
  const reason = "this machine has no WebGPU adapter";
  expect(skipped).not.toContainEqual(expect.not.objectContaining({ reason }));
});
