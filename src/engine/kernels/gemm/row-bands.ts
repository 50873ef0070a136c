// Bands of a matrix product's result rows, for tensors larger than one binding and for more
// rows than one dispatch reaches. A band begins only where a window of every tensor with one
// row per result row may begin, so those windows need no offsets in the kernel; other tensors
// are read around the band.
import { MAX_WORKGROUPS, type BufferSource, type KernelTarget, type RowWindow } from "../../kernel";
import { elementBytes, rowsOf, strideOf, type Tensor } from "../../tensor";
import { bandsOf, sourceOf, type Rows, type Stream } from "../bands";
import type { Tile } from "./tile";

export interface RowBand {
  readonly rows: Rows;
  /** Of the tensors read around the band, by id. */
  readonly around: ReadonlyMap<number, RowWindow>;
  /** The band's window of a tensor with one row per result row. */
  windowOf(tensor: Tensor): BufferSource;
}

/** Rows that are not divided, and by how many products they are computed together. */
export interface RowUnit {
  readonly rows: number;
  readonly products: number;
}

/**
 * @throws OnestrokeError `gpu-unsupported` if not even one step of rows fits
 */
export function rowBands(
  aligned: readonly [output: Tensor, ...others: Tensor[]],
  around: readonly Stream[],
  tile: Tile,
  target: KernelTarget,
  unit: RowUnit = { rows: 1, products: 1 },
): readonly RowBand[] {
  const rows = rowsOf(aligned[0]);
  const step = Math.max(...aligned.map((tensor) => rowStep(tensor, target, unit.rows)));
  const rowsOfUnits = ({ begin, end }: Rows): Rows => ({ begin: begin * step, end: Math.min(end * step, rows) });
  const streams = [
    ...aligned.map((tensor): Stream => ({ tensor, rows: rowsOfUnits })),
    ...around.map((stream): Stream => ({ tensor: stream.tensor, rows: (units) => stream.rows(rowsOfUnits(units)) })),
  ];
  // Where there are several products, the last tile of each may not be full, nor the last unit whole.
  const spare = unit.products === 1 ? 0 : unit.products * tile.rows + unit.rows;
  const most = Math.floor((MAX_WORKGROUPS * tile.rows - spare) / step);
  return bandsOf(Math.ceil(rows / step), Object.fromEntries(streams.entries()), target, most).map(({ units, windows }) => {
    const band = rowsOfUnits(units);
    return {
      rows: band,
      around: new Map(
        Object.values<RowWindow>(windows)
          .slice(aligned.length)
          .map((window) => [window.tensor.id, window]),
      ),
      windowOf: (tensor) => sourceOf({ tensor, ...band }),
    };
  });
}

/** Rows between two places where a window may begin: 256 bytes, and whole units. */
function rowStep(tensor: Tensor, target: KernelTarget, unitRows: number): number {
  const rowBytes = strideOf(tensor) * elementBytes(tensor.element, target.format);
  let step = unitRows;
  while ((step * rowBytes) % 256 !== 0) step *= 2;
  return step;
}
