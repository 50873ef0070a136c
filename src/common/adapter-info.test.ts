// Whether an adapter is a program that stands in for a GPU, by whatever the browser says of it, which may be nothing.
import { expect, test } from "vitest";
import { adapterInfo } from "./adapter-info";

test.each<readonly [string, Partial<GPUAdapterInfo>, boolean]>([
  ["SwiftShader", { vendor: "google", architecture: "swiftshader" }, true],
  ["Mesa's driver", { vendor: "mesa", description: "llvmpipe (LLVM 19.1.7, 256 bits)" }, true],
  ["Windows' own, by its name", { description: "Microsoft Basic Render Driver" }, true],
  ["one that a browser falls back to and does not name", { isFallbackAdapter: true }, true],
  ["a GPU", { vendor: "amd", architecture: "rdna-3", isFallbackAdapter: false }, false],
  ["one without a name", {}, false],
])("%s", (_, info, isSoftware) => {
  expect(adapterInfo({ info }).isSoftware).toBe(isSoftware);
});

test("an adapter that has no info has no names", () => {
  expect(adapterInfo({})).toEqual({
    vendor: "",
    architecture: "",
    device: "",
    description: "",
    isSoftware: false,
    subgroupMinSize: undefined,
  });
});
