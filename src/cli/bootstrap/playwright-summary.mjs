// A Playwright reporter that writes the counts that `npm test` adds up, with the reason for
// every skipped test.
import { writeFileSync } from "node:fs";

/** @typedef {import("@playwright/test/reporter").Reporter} Reporter */

/** @implements {Reporter} */
export default class Summary {
  /** @type {import("@playwright/test/reporter").Suite | undefined} */
  #suite;

  /**
   * @param {import("@playwright/test/reporter").FullConfig} _config
   * @param {import("@playwright/test/reporter").Suite} suite
   */
  onBegin(_config, suite) {
    this.#suite = suite;
  }

  onEnd() {
    const file = process.env["ONESTROKE_SUMMARY"];
    if (file === undefined) return;
    /** @type {{ passed: number, failed: number, skipped: { title: string, reason: string }[] }} */
    const summary = { passed: 0, failed: 0, skipped: [] };
    for (const test of this.#suite?.allTests() ?? []) {
      const outcome = test.outcome();
      if (outcome === "skipped") {
        const reason = test.annotations.find(({ type }) => type === "skip" || type === "fixme")?.description ?? "not run";
        summary.skipped.push({ title: test.titlePath().filter(Boolean).join(" > "), reason });
      } else if (outcome === "unexpected") summary.failed++;
      else summary.passed++;
    }
    writeFileSync(file, JSON.stringify(summary));
  }

  printsToStdio() {
    return false;
  }
}
