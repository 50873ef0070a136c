// The benchmark page: every row on both engines, with results compared before times are.
// `npm run bench` drives it through `runBench`; opened by hand, it runs and shows its report.
import { invariant } from "../../../common/errors";
import { openDevice, type Device } from "../../../engine/device";
import { onnxRuntime, ours } from "./contestants";
import { relativeDifference } from "../difference";
import { measure, median, type Budget } from "../measure";
import "./race";
import { benchRows, type Row, type Scale } from "./rows";

export interface BenchRow {
  readonly name: string;
  readonly oursMs: number;
  readonly ortMs: number;
  /** ortMs / oursMs: above 1, our engine is faster. */
  readonly ratio: number;
}

export interface BenchReport {
  readonly adapter: string;
  readonly rows: readonly BenchRow[];
}

/**
 * Relative RMS difference of two float32 evaluations that add in different orders: each is within
 * 4 * 2^-24 * sqrt(k) of the true sum, with k at most 5760, and a block chains two such sums and two norms.
 */
const SAME_RESULT = 1e-4;

const HARDWARE: Budget = { minRounds: 20, maxRounds: 100, rowMs: 5_000, sampleMs: 20 };
const SOFTWARE: Budget = { minRounds: 5, maxRounds: 15, rowMs: 30_000, sampleMs: 0 };

declare global {
  /** Runs the rows of a scale; `report` gets one line at a time. Rejects if results differ. */
  var runBench: (scale: Scale, report?: (line: string) => void) => Promise<BenchReport>;
}

globalThis.runBench = async (scale, report = showLine) => {
  const device = await openDevice(navigator.gpu);
  const adapter = [device.adapter.vendor, device.adapter.architecture, device.adapter.description].filter(Boolean).join(" ");
  report(adapter);
  const rows: BenchRow[] = [];
  for (const row of benchRows(scale)) {
    const result = await benchRow(row, device);
    rows.push(result);
    report(
      `${row.name}: ours ${result.oursMs.toFixed(2)} ms, onnxruntime-web ${result.ortMs.toFixed(2)} ms, ratio ${result.ratio.toFixed(2)}`,
    );
  }
  device.destroy();
  return { adapter, rows };
};

async function benchRow(row: Row, device: Device): Promise<BenchRow> {
  const contestants = [await ours(row, device), await onnxRuntime(row, device)] as const;
  for (const contestant of contestants) await contestant.run(1);
  const difference = relativeDifference(await contestants[0].read(), await contestants[1].read());
  invariant(difference <= SAME_RESULT, `${row.name}: results differ by ${difference}`);
  const samples = await measure(device.gpu.queue, contestants, device.adapter.software ? SOFTWARE : HARDWARE);
  const [oursMs = Number.NaN, ortMs = Number.NaN] = samples.map(median);
  for (const contestant of contestants) await contestant.release();
  return { name: row.name, oursMs, ortMs, ratio: ortMs / oursMs };
}

function showLine(line: string): void {
  document.querySelector("#lines")?.append(`${line}\n`);
}

if (location.hash === "#run") {
  globalThis.runBench("full").catch((error: unknown) => showLine(String(error)));
}
