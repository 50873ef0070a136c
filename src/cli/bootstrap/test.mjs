// `npm test`: from a fresh clone to every test. It installs what it needs, then runs types, lint,
// unit and kernel tests, the build, and the end-to-end tests in a real browser. Its last
// line is `N passed, N failed, N skipped` over all of them; the reasons for skipped tests are printed above it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gpuEnvironment } from "./environment.mjs";
import { ensurePackages, requireNode, runTool } from "./process.mjs";
import { ensureSystem } from "./system.mjs";

/** @typedef {{ passed: number, failed: number, skipped: { title: string, reason: string }[] }} Summary */

requireNode();
ensurePackages();
const system = ensureSystem();
const scratch = mkdtempSync(join(tmpdir(), "onestroke-test-"));
const variables = gpuEnvironment();

/** @type {Summary[]} */
const summaries = [
  step("types", () => runTool("tsc", []) && runTool("tsc", ["-p", "tsconfig.worker.json"]) && runTool("tsc", ["-p", "src/sw"])),
  step("lint", () => runTool("oxlint", ["--type-aware", "--max-warnings=0"]) && runTool("oxfmt", ["--check"]) && runTool("knip", [])),
  suite("unit and kernel tests", "vitest", ["run", "--reporter=default", "--reporter=./src/cli/bootstrap/vitest-summary.mjs"]),
];
const build = step("build", () => runTool("vite", ["build", "--logLevel", "warn"]));
summaries.push(build);
if (!system.chromium) {
  summaries.push({ passed: 0, failed: 0, skipped: [{ title: "end-to-end tests", reason: "no Chromium on this machine" }] });
} else if (build.failed === 0) {
  summaries.push(suite("end-to-end tests", "playwright", ["test", "--reporter=list,./src/cli/bootstrap/playwright-summary.mjs"]));
}
rmSync(scratch, { recursive: true, force: true });

const passed = summaries.reduce((sum, summary) => sum + summary.passed, 0);
const failed = summaries.reduce((sum, summary) => sum + summary.failed, 0);
const skipped = summaries.flatMap((summary) => summary.skipped);
console.log("");
for (const { title, reason } of skipped) console.log(`skipped: ${title}: ${reason}`);
for (const line of system.advice) console.log(`note: ${line}`);
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * A check that passes or fails as a whole.
 * @param {string} title
 * @param {() => boolean} check
 * @returns {Summary}
 */
function step(title, check) {
  console.log(`\n== ${title}`);
  return check() ? { passed: 1, failed: 0, skipped: [] } : { passed: 0, failed: 1, skipped: [] };
}

/**
 * A test runner, whose tests our reporter counts.
 * @param {string} title
 * @param {string} tool
 * @param {readonly string[]} args
 * @returns {Summary}
 */
function suite(title, tool, args) {
  console.log(`\n== ${title}`);
  const file = join(scratch, `${tool}.json`);
  const succeeded = runTool(tool, args, { ...variables, ONESTROKE_SUMMARY: file });
  try {
    /** @type {Summary} */
    const summary = JSON.parse(readFileSync(file, "utf8"));
    // A runner can fail without a failed test, by an error outside all tests.
    return { ...summary, failed: succeeded ? summary.failed : Math.max(1, summary.failed) };
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  }
}
