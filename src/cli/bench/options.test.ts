// An option that would be passed over is refused, and what is refused is named.
import { expect, test } from "vitest";
import { benchOptions } from "./options";

test.each([
  ["", {}],
  ["--small --json -", { small: true, json: "-" }],
  ["--race all --node", { race: "all", node: true }],
  ["--compile navi31 --plan clip-h --format f32", { compile: "navi31", plan: "clip-h", format: "f32" }],
])("%j is understood", (line, options) => {
  expect(benchOptions(line.split(" ").filter((word) => word !== ""))).toEqual(options);
});

test.each([
  ["--node", /--node means nothing alone\n/],
  ["--node --plan all", /--node means nothing beside --plan\n/],
  ["--steering --race all", /--steering means nothing beside --race\n/],
  ["--compile navi31 --gpu M2", /--gpu means nothing beside --compile\n/],
  ["--format f32", /--format means nothing alone\n/],
  ["--speed", /--speed/],
  ["fast", /fast/],
])("%j is refused by name", (line, message) => {
  expect(() => benchOptions(line.split(" "))).toThrow(
    expect.objectContaining({ code: "invalid-input", message: expect.stringMatching(message) }),
  );
});
