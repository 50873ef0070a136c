// The shares of kernels, with a clock that has seen no time pass too.
import { expect, test } from "vitest";
import { kernelTable } from "./kernel-table";

const kernel = (ms: number) => ({ kernel: "linear", workgroups: "8x1x1", count: 2, ms });
const shares = (...ms: readonly number[]) =>
  kernelTable(ms.map(kernel))
    .split("\n")
    .slice(1)
    .map((line) => line.split(" ms")[1]?.trim());

test("each kernel has its share of all time", () => {
  expect(shares(3, 1)).toEqual(["75.0 %", "25.0 %"]);
});

test("where no time was seen, none has a share", () => {
  expect(shares(0, 0)).toEqual(["-", "-"]);
});
