// The benchmark page: every row on both engines, with results compared before times are.
// `npm run bench` drives it through `runBench`; opened by hand, it runs and shows its report.
import { invariant } from "../../../common/errors";
import { Device, openDevice } from "../../../engine/device";
import { onnxRuntime, ours } from "./contestants";
import { relativeDifference } from "../difference";
import { measure, median, type Budget } from "../measure";
import { multiplyAddPeak } from "./peak";
import "./race";
import { benchRows, type Row, type Scale } from "./rows";

export interface BenchRow {
  readonly name: string;
  readonly oursMs: number;
  readonly ortMs: number;
  /** ortMs / oursMs: above 1, our engine is faster. */
  readonly ratio: number;
  /** Where a software adapter computes, which has kernels of its own: those that GPUs run. */
  readonly asGpusMs?: number;
  /** Of the adapter's multiply-adds. */
  readonly shareOfPeak: number;
}

export interface BenchReport {
  readonly adapter: string;
  /** float32 operations in a second (peak.ts). */
  readonly peak: number;
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
  const peak = await multiplyAddPeak(device);
  report(`${adapter}, at most ${(peak / 1e9).toFixed(1)} GFLOP a second`);
  const rows: BenchRow[] = [];
  for (const row of benchRows(scale)) {
    const result = await benchRow(row, device, peak);
    rows.push(result);
    report(lineOf(result));
  }
  device.destroy();
  return { adapter, peak, rows };
};

function lineOf({ name, oursMs, ortMs, ratio, asGpusMs, shareOfPeak }: BenchRow): string {
  const asGpus = asGpusMs === undefined ? "" : `, with GPUs' kernels ${asGpusMs.toFixed(2)} ms`;
  const share = `${(100 * shareOfPeak).toFixed(0)} % of peak`;
  return `${name}: ours ${oursMs.toFixed(2)} ms (${share})${asGpus}, onnxruntime-web ${ortMs.toFixed(2)} ms, ratio ${ratio.toFixed(2)}`;
}

async function benchRow(row: Row, device: Device, peak: number): Promise<BenchRow> {
  const { software } = device.adapter;
  const contestants = [await ours(row, device), await onnxRuntime(row, device)];
  if (software) contestants.push(await ours(row, new Device(device.gpu, device.adapter, "hardware")));
  for (const contestant of contestants) await contestant.run(1);
  const [first = new Float32Array(), ...others] = await Promise.all(contestants.map((contestant) => contestant.read()));
  for (const other of others) {
    const difference = relativeDifference(first, other);
    invariant(difference <= SAME_RESULT, `${row.name}: results differ by ${difference}`);
  }
  const samples = await measure(device.gpu.queue, contestants, software ? SOFTWARE : HARDWARE);
  const [oursMs = Number.NaN, ortMs = Number.NaN, asGpusMs] = samples.map(median);
  for (const contestant of contestants) await contestant.release();
  const shareOfPeak = row.flop / (oursMs / 1000) / peak;
  return { name: row.name, oursMs, ortMs, ratio: ortMs / oursMs, ...(asGpusMs === undefined ? {} : { asGpusMs }), shareOfPeak };
}

function showLine(line: string): void {
  document.querySelector("#lines")?.append(`${line}\n`);
}

if (location.hash === "#run") {
  globalThis.runBench("full").catch((error: unknown) => showLine(String(error)));
}
