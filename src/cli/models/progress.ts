// The progress of a download on a terminal: one line that is rewritten, or, where the output goes to a file, a line now and then.
import type { DownloadProgress } from "../../common/download";

/** The rate is that of the last seconds, so that it follows the line and does not jump. */
const WINDOW_MS = 8_000;
/** Between two lines of a log. */
const LOG_MS = 10_000;
const TERMINAL_MS = 200;

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const WAITING: Readonly<Record<NonNullable<DownloadProgress["waiting"]>, string>> = {
  retry: "the line broke; trying again",
  offline: "waiting for the network",
  "another tab": "waiting for another download",
};

/** @returns a function that is told the progress, and one that ends the line */
export function progressLine(name: string, output: Output = process.stderr, now: () => number = () => performance.now()) {
  const samples: { readonly at: number; readonly bytes: number }[] = [];
  let said = -Infinity;
  let length = 0;
  const say = ({ hereBytes, totalBytes, waiting }: DownloadProgress): void => {
    const at = now();
    samples.push({ at, bytes: hereBytes });
    while (samples.length > 2 && at - (samples[1]?.at ?? at) > WINDOW_MS) samples.shift();
    const isLast = hereBytes >= totalBytes;
    if (!isLast && at - said < (output.isTTY === true ? TERMINAL_MS : LOG_MS)) return;
    said = at;
    const text = `${name}: ${progressText(hereBytes, totalBytes, rateOf(samples), waiting)}`;
    output.write(output.isTTY === true ? `\r${text.padEnd(length)}` : `${text}\n`);
    length = text.length;
  };
  const end = (): void => {
    if (output.isTTY === true && length > 0) output.write("\n");
    length = 0;
  };
  return { say, end };
}

/** Bytes in a second; undefined until it can be told. */
function rateOf(samples: readonly { readonly at: number; readonly bytes: number }[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < 500) return undefined;
  return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.at - first.at));
}

export function progressText(
  hereBytes: number,
  totalBytes: number,
  rate: number | undefined,
  waiting: DownloadProgress["waiting"],
): string {
  const share = `${bytesText(hereBytes)} of ${bytesText(totalBytes)}`;
  if (waiting !== undefined) return `${share}, ${WAITING[waiting]}`;
  if (rate === undefined || rate === 0 || hereBytes >= totalBytes) return share;
  return `${share}, ${bytesText(rate)}/s, ${durationText((totalBytes - hereBytes) / rate)} left`;
}

/** Decimal units, as the hub and disks use them. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ["kB", "MB", "GB", "TB"];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(value < 10 && power > 1 ? 1 : 0)} ${units[power - 1]}`;
}

function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
