// An output is chosen by its name, else by being the only one of its rank. If neither decides, the refusal lists the model's outputs.
import { describe, expect, it } from "vitest";
import { chooseOutput, graphOutputs, PICTURE, PREDICTION, sessionOutputs, TEXT_STATES, type Output } from "./choose-output";
import { valueInfo } from "./onnx-graph/encode";
import { ELEMENT_TYPES } from "./onnx-graph/model";

const output = (name: string, rank?: number): Output => ({ name, rank });

describe("the output", () => {
  it.each([
    ["the usual order", [output("last_hidden_state", 3), output("pooler_output", 2)], TEXT_STATES, "last_hidden_state"],
    ["the pooled one first", [output("pooler_output", 2), output("last_hidden_state", 3)], TEXT_STATES, "last_hidden_state"],
    [
      "every layer's states",
      [output("pooler_output", 2), output("hidden_states.0", 3), output("last_hidden_state", 3)],
      TEXT_STATES,
      "last_hidden_state",
    ],
    ["names of nobody's, the pooled one first", [output("1234", 2), output("1235", 3)], TEXT_STATES, "1235"],
    ["an unknown rank beside another one", [output("a", 2), output("b")], TEXT_STATES, "b"],
    ["the only one", [output("out")], PICTURE, "out"],
    ["a prediction beside what it was made of", [output("down_block_0", 4), output("out_sample", 4)], PREDICTION, "out_sample"],
  ] as const)("%s", (_, outputs, wanted, name) => expect(chooseOutput("m", outputs, wanted)).toBe(name));

  it.each([
    ["none", []],
    ["none of the rank", [output("a", 2)]],
    ["two of the rank", [output("a", 3), output("b", 3)]],
    ["two that may be it", [output("a"), output("b")]],
  ])("is refused by what there is: %s", (_, outputs) => {
    const refusal = { code: "model-unsupported", message: expect.stringContaining("last_hidden_state") };
    expect(() => chooseOutput("m", outputs, TEXT_STATES)).toThrow(expect.objectContaining(refusal));
  });

  it("is told by graphs and by sessions alike", () => {
    const shape = [1, "tokens", 4];
    expect(graphOutputs([valueInfo("a", ELEMENT_TYPES.float32, shape)])).toEqual([output("a", 3)]);
    expect(sessionOutputs([{ name: "a", isTensor: true, type: "float32", shape }])).toEqual([output("a", 3)]);
    expect(sessionOutputs([{ name: "a", isTensor: true, type: "float32", shape: [] }])).toEqual([output("a")]);
  });
});
