// The report as a table for people.
import type { ParityReport } from "./run";

export function table({ cases, failed, skipped }: ParityReport): string {
  const lines = cases.map(({ fixture, case: name, engine, adapter, format, error, bound, ok, reason }) => [
    ok ? "ok" : "FAILED",
    fixture,
    name,
    engine,
    adapter,
    format,
    error === null ? "-" : error.toExponential(2),
    bound === 0 ? "exact" : `<= ${bound}`,
    reason ?? "",
  ]);
  const all = [["", "fixture", "case", "engine", "adapter", "format", "error", "bound", ""], ...lines];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((line) => (line[column] ?? "").slice(0, 60).length)));
  const text = all.map((line) =>
    line
      .map((cell, column) => (column === line.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const skips = skipped.map(({ fixture, reason }) => `skipped ${fixture}: ${reason}`);
  return [...text, ...skips, `${cases.length - failed} passed, ${failed} failed, ${skipped.length} skipped`, ""].join("\n");
}
