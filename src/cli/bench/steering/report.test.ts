// The report's text, with a clock that has seen no time pass too.
import { expect, test } from "vitest";
import { steeringRows, steeringText, type SteeringReport } from "./report";

function linesOf(ms: number): readonly string[] {
  const measured = { ms, rounds: [ms, ms] };
  const report: SteeringReport = {
    adapter: "an adapter",
    layout: "a layout",
    format: "f16",
    method: "dispatches alone",
    clock: "wall",
    rounds: 2,
    rows: steeringRows({ none: measured, nasa: measured, nag: measured, vsf: measured }),
    kernels: [{ kernel: "linear", none: ms, nasa: ms, nag: ms, vsf: ms }],
    onceMs: { prompt: ms, negative: ms },
  };
  return steeringText(report).split("\n");
}

test("a step that takes as long as without a negative prompt costs nothing, and its only kernel is all of it", () => {
  const lines = linesOf(2);
  expect(lines.find((line) => line.startsWith("NAG"))).toMatch(/ 2\.0 ms a step {2}\+0\.0 %$/);
  expect(lines.at(-1)).toMatch(/linear( +100\.00){4}$/);
});

test("where no time was seen, nothing has a ratio or a share", () => {
  const lines = linesOf(0);
  expect(lines.find((line) => line.startsWith("NAG"))).toMatch(/ 0\.0 ms a step {2}-$/);
  expect(lines.at(-1)).toMatch(/linear( +-){4}$/);
  expect(lines.join("\n")).not.toMatch(/NaN|Infinity/);
});
