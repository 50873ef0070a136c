// Row bands: a dispatch whose tensors are larger than one storage binding becomes several,
// each over a window of rows that fits. Windows start at multiples of 256 bytes (WebGPU's
// storage offset alignment), so a window may begin a few rows before its band: kernels get
// the window's first row as a size and index from there. Nothing here knows WGSL.
import { OnestrokeError } from "../../common/errors";
import type { BufferSource, KernelTarget, RowWindow } from "../kernel";
import { elementBytes, rowsOf, strideOf, type NumberFormat, type Tensor } from "../tensor";

const OFFSET_ALIGNMENT = 256;

/** Rows `[begin, end)`. */
export interface Rows {
  readonly begin: number;
  readonly end: number;
}

/** A tensor and the rows of it that a range of work units touches (halo included, may run over the ends). */
export interface Stream {
  readonly tensor: Tensor;
  readonly rows: (units: Rows) => Rows;
}

/** A range of work units with one window per stream. */
export interface Band<Name extends string> {
  readonly units: Rows;
  readonly windows: Readonly<Record<Name, RowWindow>>;
}

/** Halves `units` until each band has at most `most` and its windows fit a binding; one band of whole tensors where they do. */
export function bandsOf<Name extends string>(
  units: number,
  streams: Readonly<Record<Name, Stream>>,
  target: Pick<KernelTarget, "bindingBytes" | "format">,
  most = Number.POSITIVE_INFINITY,
): readonly Band<Name>[] {
  const named = Object.entries<Stream>(streams);
  const windowsOf = (band: Rows): [string, RowWindow][] =>
    named.map(([name, { tensor, rows }]) => [name, alignedWindow(tensor, rows(band), target.format)]);
  const fits = (window: RowWindow): boolean => windowBytes(window, target.format) <= target.bindingBytes;

  const whole = named.map(([name, { tensor }]): [string, RowWindow] => [name, { tensor, begin: 0, end: rowsOf(tensor) }]);
  if (units <= most && whole.every(([, window]) => fits(window))) return [{ units: { begin: 0, end: units }, windows: record(whole) }];

  for (let size = Math.ceil(units / 2); ; size = Math.ceil(size / 2)) {
    const bands = splitEvenly(units, size).map((band) => ({ units: band, windows: windowsOf(band) }));
    if (size <= most && bands.every(({ windows }) => windows.every(([, window]) => fits(window)))) {
      return bands.map(({ units: band, windows }) => ({ units: band, windows: record(windows) }));
    }
    if (size === 1) {
      throw new OnestrokeError("gpu-unsupported", "one row of a tensor exceeds the GPU's binding size", {
        bindingBytes: target.bindingBytes,
      });
    }
  }

  // `fromEntries` forgets that its keys are exactly those of `streams`.
  function record(entries: readonly [string, RowWindow][]): Readonly<Record<Name, RowWindow>> {
    return Object.fromEntries(entries) as Record<Name, RowWindow>;
  }
}

/** The smallest window around `rows`, cut to the tensor, that starts at an aligned offset. */
export function alignedWindow(tensor: Tensor, rows: Rows, format: NumberFormat): RowWindow {
  const rowBytes = strideOf(tensor) * elementBytes(tensor.element, format);
  let step = 1;
  while ((step * rowBytes) % OFFSET_ALIGNMENT !== 0) step *= 2;
  const begin = Math.floor(Math.max(rows.begin, 0) / step) * step;
  return { tensor, begin, end: Math.min(rows.end, rowsOf(tensor)) };
}

/** What a dispatch binds for a window: the tensor itself where the window is all of it. */
export function sourceOf(window: RowWindow): BufferSource {
  const { tensor, begin, end } = window;
  return begin === 0 && end === rowsOf(tensor) ? { tensor } : { window };
}

function windowBytes({ tensor, begin, end }: RowWindow, format: NumberFormat): number {
  return (end - begin) * strideOf(tensor) * elementBytes(tensor.element, format);
}

function splitEvenly(units: number, size: number): readonly Rows[] {
  return Array.from({ length: Math.ceil(units / size) }, (_, index) => ({
    begin: index * size,
    end: Math.min((index + 1) * size, units),
  }));
}
