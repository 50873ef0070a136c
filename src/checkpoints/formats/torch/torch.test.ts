// Files of torch.save give the tensors that were saved, whatever their format, strides and wrapping; and whatever else a pickle or an
// archive can do is refused by its name, with nothing of it run.
import { describe, expect, it } from "vitest";
import { memorySource, memoryStore } from "../../memory-source";
import { openTensors } from "../../tensor-reader";
import { halvesOf } from "../../testing/halves";
import { called, global, joined, pickled, Raw, tensor, torchFile, written, zipFile } from "../testing/torch-file";
import { readTorchFile } from "./index";

const floats = (...values: readonly number[]) => new Uint8Array(Float32Array.from(values).buffer);
const rising = floats(...Array.from({ length: 12 }, (_, i) => i));
const read = (file: Uint8Array) => readTorchFile(memorySource("model.bin", file));
const open = (file: Uint8Array) => openTensors(memoryStore("m", new Map([["model.bin", file]])), ["model.bin"]);
const refused = (root: Parameters<typeof pickled>[0]) => read(torchFile(root, {}));

const STATE = new Map([
  ["whole", tensor("Float", "0", [3, 4], [4, 1])],
  ["turned", tensor("Float", "0", [4, 3], [1, 4])],
  ["row", tensor("Float", "0", [4], [1], 4)],
  ["halves", tensor("Half", "1", [2], [1])],
  ["brains", tensor("BFloat16", "2", [2], [1])],
  ["doubles", tensor("Double", "3", [1], [1])],
  ["scalar", tensor("Float", "0", [], [], 7)],
]);
const STORAGES = {
  0: rising,
  1: new Uint8Array(Uint16Array.of(0x3c00, 0xc000).buffer),
  2: new Uint8Array(Uint16Array.of(0x3f80, 0xc000).buffer),
  3: new Uint8Array(Float64Array.of(0.5).buffer),
};

describe.each([
  ["a state dict", STATE, false],
  [
    "one in a training checkpoint",
    new Map([
      ["epoch", 3 as never],
      ["state_dict", STATE as never],
    ]),
    false,
  ],
  ["one with zip64", STATE, true],
])("%s", (_, root, isZip64) => {
  it("has every tensor's values", async () => {
    const reader = await open(torchFile(root, STORAGES, isZip64));
    const values = async (name: string) => [...(await reader.readFloat32(name))];
    expect(await values("whole")).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await values("turned")).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
    expect(await values("row")).toEqual([4, 5, 6, 7]);
    expect([...(await values("halves")), ...(await values("brains")), ...(await values("doubles"))]).toEqual([1, -2, 1, -2, 0.5]);
    expect(await values("scalar")).toEqual([7]);
  });
});

it("strided tensors stream as whole ones, in float16, beside others of the same storage", async () => {
  const reader = await open(torchFile(STATE, STORAGES));
  const streamed = await halvesOf(reader, ["turned", "whole", "row"]);
  expect(Object.fromEntries([...streamed].map(([name, bits]) => [name, bits[1]]))).toEqual({ whole: 0x3c00, turned: 0x4400, row: 0x4500 });
});

it("what is no tensor is left out, and a parameter is its tensor", async () => {
  const parameter = called(global("torch._utils", "_rebuild_parameter"), [tensor("Float", "0", [1], [1]), true, null]);
  const root = new Map<string, never>([
    ["step", 5 as never],
    ["p", parameter as never],
    ["note", "text" as never],
  ]);
  expect([...(await read(torchFile(root, STORAGES))).keys()]).toEqual(["p"]);
});

it("a state dict with attributes, as a module saves it", async () => {
  const dict = called(global("collections", "OrderedDict"), []);
  const filled = new Raw(written(dict), [0x28], written("a"), written(tensor("Float", "0", [2], [1])), [0x75], written(new Map()), [0x62]);
  expect([...(await read(torchFile(filled, STORAGES))).keys()]).toEqual(["a"]);
});

describe("is refused", () => {
  it.each<[string, Parameters<typeof pickled>[0], RegExp]>([
    ["a function", called(global("os", "system"), ["true"]), /names os\.system/],
    ["a function behind a known name", called(global("builtins", "eval"), ["1"]), /builtins\.eval/],
    ["a class of a trainer's", global("pytorch_lightning.callbacks", "ModelCheckpoint"), /ModelCheckpoint/],
    ["a name by the stack", new Raw(written("os"), written("system"), [0x93]), /names os\.system/],
    ["a known name that is called otherwise", called(global("torch", "FloatStorage"), [4]), /calls torch\.FloatStorage/],
    ["something that is called and has no name", called("print", ["x"]), /no name/],
    ["an instruction that makes objects", new Raw([0x28, 0x81]), /instruction 0x81/],
    ["an instruction of Python 2", new Raw([0x69]), /instruction 0x69/],
    ["a persistent id that is no storage", new Raw(written("x"), [0x51]), /no storage/],
  ])("%s", async (_, root, message) => {
    await expect(refused(root)).rejects.toMatchObject({ code: "model-unsupported", message: expect.stringMatching(message) });
    await expect(refused(root)).rejects.toMatchObject({ message: expect.stringContaining("Nothing of it was run") });
  });

  it.each<[string, Parameters<typeof pickled>[0]]>([
    ["an empty stack", new Raw([0x52])],
    ["a mark that is not there", new Raw([0x74])],
    ["a value that was never kept", new Raw([0x68, 9])],
    ["items of no dictionary", new Raw([0x4b, 1, 0x28], written("a"), written(1), [0x75])],
    ["a text past the end", new Raw([0x58, 255, 255, 255, 0])],
    ["an endless text", new Raw([0x58, 255, 255, 255, 127])],
    ["a tensor without a shape", called(global("torch._utils", "_rebuild_tensor_v2"), [1, 2])],
  ])("a damaged pickle: %s", async (_, root) => {
    await expect(refused(root)).rejects.toMatchObject({ code: "model-corrupt" });
  });

  it.each([
    ["past its storage", tensor("Float", "0", [13], [1])],
    ["of more values than are stored", tensor("Float", "0", [1000, 1000, 1000], [0, 0, 0])],
    ["with an offset past the end", tensor("Float", "0", [1], [1], 12)],
    ["without its storage", tensor("Float", "9", [1], [1])],
  ])("a tensor %s", async (_, value) => {
    await expect(read(torchFile(new Map([["a", value]]), STORAGES))).rejects.toMatchObject({ code: "model-corrupt" });
  });

  it("an archive that is compressed, cut short, no model, or in the other byte order", async () => {
    const pickle = pickled(STATE);
    const unsupported = { code: "model-unsupported" };
    await expect(read(zipFile([["a/data.pkl", pickle]], false, 8))).rejects.toMatchObject({
      ...unsupported,
      message: expect.stringMatching(/compressed/),
    });
    await expect(read(torchFile(STATE, STORAGES).slice(0, -60))).rejects.toMatchObject({ code: "model-corrupt" });
    await expect(read(zipFile([["readme.txt", pickle]]))).rejects.toMatchObject({
      ...unsupported,
      message: expect.stringMatching(/no data\.pkl/),
    });
    const big = zipFile([
      ["a/data.pkl", pickle],
      ["a/byteorder", new TextEncoder().encode("big")],
    ]);
    await expect(read(big)).rejects.toMatchObject({ ...unsupported, message: expect.stringMatching(/big-endian/) });
    const twice = zipFile([
      ["a/data.pkl", pickle],
      ["a/data.pkl", pickle],
    ]);
    await expect(read(twice)).rejects.toMatchObject({ code: "model-corrupt", message: expect.stringMatching(/twice/) });
  });

  it("the format before PyTorch 1.6, with what to do", async () => {
    const old = joined([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e], new Uint8Array(64));
    await expect(open(old)).rejects.toMatchObject({ code: "model-unsupported", remedy: expect.stringContaining("torch.save") });
  });
});
