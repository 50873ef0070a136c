// A vitest reporter that writes the counts that `npm test` adds up, with the reason for every
// skipped test, which vitest's own JSON leaves out.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";

/** @typedef {import("vitest/node").Reporter} Reporter */

/** @implements {Reporter} */
export default class Summary {
  /** @param {readonly import("vitest/node").TestModule[]} modules */
  onTestRunEnd(modules) {
    const file = process.env["ONESTROKE_SUMMARY"];
    if (file === undefined) return;
    /** @type {{ passed: number, failed: number, skipped: { title: string, reason: string }[] }} */
    const summary = { passed: 0, failed: 0, skipped: [] };
    for (const module of modules) {
      // A file that cannot be loaded has no tests that could fail.
      if (module.errors().length > 0) summary.failed++;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") summary.passed++;
        else if (result.state === "failed") summary.failed++;
        else {
          const reason = (result.state === "skipped" ? result.note : undefined) ?? "no reason given";
          summary.skipped.push({ title: `${relative(process.cwd(), module.moduleId)}: ${test.fullName}`, reason });
        }
      }
    }
    writeFileSync(file, JSON.stringify(summary));
  }
}
