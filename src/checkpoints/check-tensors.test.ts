// Rule 14: the files hold exactly the weights that the network was built for.
import { describe, expect, it } from "vitest";
import { checkTensors } from "./check-tensors";
import { memoryStore } from "./memory-source";
import { openTensors } from "./tensor-reader";
import { float32Tensor, safetensorsFile, type TestTensor } from "./testing/safetensors-file";

const matrix = (shape: readonly number[]): TestTensor =>
  float32Tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0),
    shape,
  );
const check = async (
  stored: Record<string, readonly number[]>,
  expected: Record<string, readonly number[]>,
  unused: readonly RegExp[] = [],
) => {
  const file = safetensorsFile(new Map(Object.entries(stored).map(([name, shape]) => [name, matrix(shape)])));
  const reader = await openTensors(memoryStore("test", new Map([["f", file]])), ["f"]);
  checkTensors(reader, new Map(Object.entries(expected)), unused, "unet");
};
const breaks14 = (tensor: string) => ({ code: "model-corrupt", detail: { file: "unet", rule: 14, ruleName: "manifest", tensor } });

describe("rule 14", () => {
  it("control: equal names and shapes pass", async () => await check({ a: [2, 3] }, { a: [2, 3] }));

  it("missing", async () => await expect(check({ a: [1] }, { a: [1], b: [1] })).rejects.toMatchObject(breaks14("b")));
  it("transposed", async () => await expect(check({ a: [2, 3] }, { a: [3, 2] })).rejects.toMatchObject(breaks14("a")));
  it("surplus", async () => await expect(check({ a: [1], b: [1] }, { a: [1] })).rejects.toMatchObject(breaks14("b")));

  it("surplus passes where it is listed as unused, and nothing else does", async () => {
    await check({ a: [1], "encoder.b": [1] }, { a: [1] }, [/^encoder\./]);
    await expect(check({ a: [1], "encoder.b": [1], c: [1] }, { a: [1] }, [/^encoder\./])).rejects.toMatchObject(breaks14("c"));
  });

  it("a projection may be a 1x1 convolution or a linear layer; another weight may not", async () => {
    await check({ "x.proj_in.weight": [2, 3, 1, 1] }, { "x.proj_in.weight": [2, 3] });
    await check({ "x.attentions.0.query.weight": [2, 3] }, { "x.attentions.0.to_q.weight": [2, 3, 1, 1] });
    await expect(check({ "conv_in.weight": [2, 3, 1, 1] }, { "conv_in.weight": [2, 3] })).rejects.toMatchObject(breaks14("conv_in.weight"));
  });
});
