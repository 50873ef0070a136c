// Rule: every value goes to the place that its row and its column say, whichever way it is moved there.
import { describe, expect, test } from "vitest";
import { transposeInto } from "./transpose";

/** Where a value of the source is found in the target. */
interface Case {
  readonly outputs: number;
  readonly inputs: number;
  readonly rows: (input: number) => number;
  readonly columns: (output: number) => number;
  readonly length: number;
}

function check({ outputs, inputs, rows, columns, length }: Case, offset = 0): void {
  const from = Uint16Array.from({ length: outputs * inputs + offset }, (_, at) => (at * 40_503) & 0xffff).subarray(offset);
  const into = new Uint16Array(length);
  transposeInto(
    from,
    into,
    Int32Array.from({ length: inputs }, (_, at) => rows(at)),
    Int32Array.from({ length: outputs }, (_, at) => columns(at)),
  );
  const wrong: string[] = [];
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      if (into[rows(input) + columns(output)] !== from[output * inputs + input]) wrong.push(`${output},${input}`);
    }
  }
  expect(wrong).toEqual([]);
}

const plain = (outputs: number, inputs: number): Case => ({
  outputs,
  inputs,
  rows: (input) => input * outputs,
  columns: (output) => output,
  length: outputs * inputs,
});

describe("transposing", () => {
  test.each([
    [4, 2],
    [64, 64],
    [100, 70],
    [34, 33],
    [33, 34],
    [1, 5],
  ])("%d outputs of %d inputs", (outputs, inputs) => check(plain(outputs, inputs)));

  test("values that do not begin at a word", () => check(plain(36, 38), 1));

  test("taps apart, and columns of a second part", () => {
    const inputs = 9 * 20;
    check({ outputs: 40, inputs, rows: (at) => ((at % 9) * 20 + Math.floor(at / 9)) * 80, columns: (at) => 40 + at, length: inputs * 80 });
  });

  test("columns that are not side by side", () => {
    const columns = (at: number): number => Math.floor((at % 20) / 4) * 8 + (at < 20 ? 0 : 4) + (at % 4);
    check({ ...plain(40, 36), columns });
    check({ ...plain(40, 36), columns: (at) => 39 - at });
  });
});
