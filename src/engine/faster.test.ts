// When one way of computing is taken for faster than another.
import { describe, expect, test } from "vitest";
import { isFaster } from "./faster";

describe("a way is faster", () => {
  const timesOf = (times: readonly number[]) => {
    const left = [...times];
    return async () => left.shift() ?? Number.NaN;
  };
  const never = () => false;

  test.each([
    ["that takes less than 95 %", [10, 10, 10], [9.4, 9.4, 9.4], true],
    ["but not worth a change within 5 %", [10, 10, 10], [9.6, 9.6, 9.6], false],
    ["by its shortest time, whatever disturbed the others", [10, 10, 10], [14, 9, 14], true],
    ["than the shortest time of the one that is held", [10, 9, 14], [9, 9, 9], false],
  ] as const)("%s", async (_, held, other, expected) => {
    expect(await isFaster(timesOf(held), timesOf(other), never)).toBe(expected);
  });

  test("and one that takes half as long again is not tried a second time", async () => {
    let tries = 0;
    await isFaster(timesOf([10, 10, 10]), async () => (tries++, 16), never);
    expect(tries).toBe(1);
  });

  test("never where time ends before all is measured", async () => {
    let measured = 0;
    const fast = async () => (measured++, 1);
    expect(await isFaster(timesOf([10, 10, 10]), fast, () => measured === 2)).toBe(false);
    expect(measured).toBe(2);
  });
});
