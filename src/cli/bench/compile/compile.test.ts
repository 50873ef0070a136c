// What RDNA3's compiler makes of the ten heaviest pipelines of every network is no worse than compiled.json states. To record an
// improvement there, run `npm run bench -- --compile navi31 --plan all --small --json src/cli/bench/compile/compiled.json`.
// It runs in a separate process, whose Vulkan driver is the one that executes nothing.
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { invariant } from "../../../common/errors";
import { PLANNED_NETWORKS } from "../plan/networks";
import STATED from "./compiled.json";
import { missingForNullGpu } from "./null-gpu";

type Report = (typeof STATED)[number];
type Row = Report["rows"][number];

const FIGURES = ["registers", "spills", "vectorPer64", "ldsBytesPerMultiplyAdd", "serialLoads"] as const satisfies readonly (keyof Row)[];

/** Compiling takes seconds for each pipeline, or a minute on a busy machine. */
const TIMEOUT_MS = 900_000;

/** The figures that grew, with their former values. */
function worse({ network, rows }: Report): readonly string[] {
  const stated = STATED.find((report) => report.network === network)?.rows ?? [];
  return rows.flatMap((row, index) => {
    const before = stated[index];
    const name = `${network}: ${row.kernel} ${row.shape.join("x")}`;
    if (before?.kernel !== row.kernel || before.shape.join("x") !== row.shape.join("x")) return [`${name} is not stated here`];
    return FIGURES.filter((figure) => row[figure] > before[figure]).map(
      (figure) => `${name}: ${figure} ${row[figure]}, stated ${before[figure]}`,
    );
  });
}

describe("compiled for RDNA3, the heaviest pipelines of every network", () => {
  test(
    "spill nothing, and cost no more than stated",
    ({ skip }) => {
      const missing = missingForNullGpu("navi31");
      skip(missing !== undefined, `this machine lacks ${missing}`);
      const command = ["--import", "tsx", "src/cli/bench.ts", "--compile", "navi31", "--plan", "all", "--small", "--json", "-"];
      const reports: typeof STATED = JSON.parse(
        execFileSync(process.execPath, command, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
      );
      const [adapter, stated] = [reports, STATED].map(([first]) => first?.adapter);
      skip(adapter !== stated, `the figures are ${stated}'s, here is ${adapter}`);
      expect(reports.map(({ network }) => network)).toEqual(PLANNED_NETWORKS);
      expect(reports.flatMap(worse)).toEqual([]);
      expect(reports.flatMap(({ rows }) => rows).filter(({ spills }) => spills > 0)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test("one register more is found (control)", () => {
    const [report] = STATED;
    invariant(report !== undefined, "a network is stated");
    const rows = report.rows.map((row, index) => (index === 3 ? { ...row, registers: row.registers + 1 } : row));
    expect(worse({ ...report, rows })).toHaveLength(1);
  });
});
