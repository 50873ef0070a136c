// What RDNA3's compiler makes of the ten heaviest pipelines of SD2.1 is no worse than compiled.json states. To record an
// improvement there, run `npm run bench -- --compile navi31 --small --json src/cli/bench/compile/compiled.json`.
// It runs in a separate process, whose Vulkan driver is the one that executes nothing.
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import STATED from "./compiled.json";
import { missingForNullGpu } from "./null-gpu";

type Row = (typeof STATED)["rows"][number];

const FIGURES = ["registers", "spills", "vectorPer64", "ldsBytesPerMultiplyAdd", "serialLoads"] as const satisfies readonly (keyof Row)[];

/** Compiling takes seconds for each pipeline, or a minute on a busy machine. */
const TIMEOUT_MS = 900_000;

/** The figures that grew, with their former values. */
function worse(now: readonly Row[], stated: readonly Row[]): readonly string[] {
  return now.flatMap((row, index) => {
    const before = stated[index];
    const name = `${row.kernel} ${row.shape.join("x")}`;
    if (before?.kernel !== row.kernel || before.shape.join("x") !== row.shape.join("x")) return [`${name} is not stated here`];
    return FIGURES.filter((figure) => row[figure] > before[figure]).map(
      (figure) => `${name}: ${figure} ${row[figure]}, stated ${before[figure]}`,
    );
  });
}

describe("compiled for RDNA3, the heaviest pipelines of SD2.1", () => {
  test(
    "spill nothing, and cost no more than stated",
    ({ skip }) => {
      const missing = missingForNullGpu();
      skip(missing !== undefined, `this machine lacks ${missing}`);
      const command = ["--import", "tsx", "src/cli/bench.ts", "--compile", "navi31", "--small", "--json", "-"];
      const report: typeof STATED = JSON.parse(
        execFileSync(process.execPath, command, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
      );
      skip(report.adapter !== STATED.adapter, `the figures are ${STATED.adapter}'s, here is ${report.adapter}`);
      expect(worse(report.rows, STATED.rows)).toEqual([]);
      expect(report.rows.filter(({ spills }) => spills > 0)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test("one register more is found (control)", () => {
    const grown = STATED.rows.map((row, index) => (index === 3 ? { ...row, registers: row.registers + 1 } : row));
    expect(worse(grown, STATED.rows)).toHaveLength(1);
  });
});
