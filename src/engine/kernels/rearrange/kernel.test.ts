import { describe, expect, it } from "vitest";
import type { GraphBuilder } from "../../graph-builder";
import type { Tensor } from "../../tensor";
import { evaluate, random, type EvaluateData } from "../../testing/evaluate";
import { VARIANTS } from "../../testing/variants";
import { concatReference, gatherRowReference, sliceReference, unpatchifyReference } from "./reference";

interface Case {
  readonly name: string;
  readonly inputs: EvaluateData["inputs"];
  readonly build: (g: GraphBuilder) => Tensor;
  readonly expected: Float64Array;
  readonly bindingBytes?: number;
}

function concatChannels(batch: number, tokens: number, c1: number, c2: number, bindingBytes?: number): Case {
  const [x, b] = [random(batch * tokens * c1, 1), random(batch * tokens * c2, 2)];
  return {
    name: `channels ${c1} and ${c2} of ${batch} x ${tokens} rows`,
    inputs: { x, b },
    build: (g) => g.concatChannels(g.input("x", [batch, tokens, c1], "run"), g.input("b", [batch, tokens, c2], "run")),
    expected: concatReference(x, c1, b, c2, batch * tokens),
    ...(bindingBytes ? { bindingBytes } : {}),
  };
}

function concatTokens(batch: number, first: number, second: number, channels: number): Case {
  const [x, b] = [random(batch * first * channels, 1), random(batch * second * channels, 2)];
  return {
    name: `${first} and ${second} tokens of ${channels} channels, batch ${batch}`,
    inputs: { x, b },
    build: (g) => g.concatTokens(g.input("x", [batch, first, channels], "run"), g.input("b", [batch, second, channels], "run")),
    expected: concatReference(x, first * channels, b, second * channels, batch),
  };
}

function sliceChannels(channels: number, begin: number, length: number): Case {
  const x = random(2 * 5 * channels, 1);
  return {
    name: `channels ${begin} to ${begin + length} of ${channels}`,
    inputs: { x },
    build: (g) => g.slice(g.input("x", [2, 5, channels], "run"), "channels", begin, length),
    expected: sliceReference(x, channels, begin, length),
  };
}

function sliceTokens(batch: number, tokens: number, begin: number, length: number, channels: number, bindingBytes?: number): Case {
  const x = random(batch * tokens * channels, 1);
  return {
    name: `tokens ${begin} to ${begin + length} of ${tokens}, batch ${batch}`,
    inputs: { x },
    build: (g) => g.slice(g.input("x", [batch, tokens, channels], "run"), "tokens", begin, length),
    expected: sliceReference(x, tokens * channels, begin * channels, length * channels),
    ...(bindingBytes ? { bindingBytes } : {}),
  };
}

function gatherRow(batch: number, tokens: number, channels: number, index: readonly number[]): Case {
  const x = random(batch * tokens * channels, 1);
  return {
    name: `rows ${index.join(", ")} of ${tokens}`,
    inputs: { x, index: Uint32Array.from(index) },
    build: (g) => g.gatherRow(g.input("x", [batch, tokens, channels], "run"), g.input("index", [1, batch], "prompt", "u32")),
    expected: gatherRowReference(x, index, tokens, channels),
  };
}

function unpatchify(batch: number, height: number, width: number, channels: number, patch: number, bindingBytes?: number): Case {
  const x = random(batch * height * width * channels, 1);
  return {
    name: `patches of ${patch} x ${patch} x ${channels} to ${height} x ${width}, batch ${batch}`,
    inputs: { x },
    build: (g) => {
      const tokens = g.input("x", [batch, (height / patch) * (width / patch), patch * patch * channels], "run");
      return g.unpatchify(tokens, { patch, height, width });
    },
    expected: unpatchifyReference(x, batch, height, width, channels, patch),
    ...(bindingBytes ? { bindingBytes } : {}),
  };
}

/** @param heights of the strips that lie one below the other: before, x, after */
function lines(heights: readonly [number, number, number], begin: number, count: number, bindingBytes?: number): Case {
  const [width, channels] = [6, 8];
  const row = width * channels;
  const whole = random(heights.reduce((sum, height) => sum + height, 0) * row, 1);
  const [before, x] = heights;
  const from = [0, before, before + x];
  const strips = heights.map((height, index) => whole.slice((from[index] ?? 0) * row, ((from[index] ?? 0) + height) * row));
  const names = (["before", "x", "after"] as const).filter((_, index) => heights[index] !== 0);
  return {
    name: `${count} lines from ${begin} on of strips of ${heights.join(", ")}`,
    inputs: Object.fromEntries(names.map((name) => [name, strips[["before", "x", "after"].indexOf(name)] ?? new Float32Array()])),
    build: (g) => {
      const inputs = Object.fromEntries(
        names.map((name) => [name, g.input(name, [1, heights[["before", "x", "after"].indexOf(name)] ?? 0, width, channels], "run")]),
      );
      const { x: own, ...others } = inputs;
      if (own === undefined) throw new Error("there is a strip in the middle");
      return g.add({ kind: "lines", inputs: { x: own, ...others }, weights: {}, begin }, [1, count, width, channels]);
    },
    expected: sliceReference(whole, whole.length, begin * row, count * row),
    ...(bindingBytes ? { bindingBytes } : {}),
  };
}

const CASES: readonly Case[] = [
  lines([4, 4, 4], 3, 6),
  lines([0, 9, 0], 2, 5),
  lines([3, 5, 0], 0, 8),
  lines([0, 4, 2], 1, 5),
  lines([40, 40, 40], 39, 42, 4096),
  concatChannels(2, 9, 8, 16),
  concatChannels(2, 9, 8, 3),
  concatChannels(2, 9, 5, 7),
  concatChannels(1, 3, 1, 2),
  concatChannels(2, 40, 10, 9, 4096),
  concatTokens(1, 3, 4, 8),
  concatTokens(3, 1, 6, 10),
  sliceChannels(24, 8, 12),
  sliceChannels(24, 8, 5),
  sliceChannels(18, 7, 11),
  sliceChannels(9, 8, 1),
  sliceTokens(1, 9, 0, 9, 8),
  sliceTokens(3, 9, 2, 4, 6),
  sliceTokens(3, 40, 5, 30, 6, 2048),
  gatherRow(1, 7, 12, [6]),
  gatherRow(3, 7, 10, [0, 4, 99]),
  unpatchify(1, 4, 6, 4, 2),
  unpatchify(2, 6, 4, 3, 2),
  unpatchify(2, 12, 8, 5, 4),
  unpatchify(2, 24, 16, 8, 2, 8192),
];

describe("rearranging moves every element exactly", () => {
  for (const variant of VARIANTS) {
    const { format, target } = variant;
    it.each(CASES)(`$name (${variant.variant})`, async ({ inputs, build, expected, bindingBytes }) => {
      const { y } = await evaluate(
        (g) => g.output("y", build(g)),
        { inputs },
        { format, target: { ...target, ...(bindingBytes ? { bindingBytes } : {}) } },
      );
      expect(Array.from(y ?? [])).toEqual(Array.from(expected));
    });
  }
});

describe("control: the comparison sees an element out of place", () => {
  it("fails for a slice one channel further", () => {
    const x = random(40, 1);
    expect(Array.from(sliceReference(x, 8, 2, 3))).not.toEqual(Array.from(sliceReference(x, 8, 3, 3)));
  });
});
