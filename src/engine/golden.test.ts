// Rules of the golden texts: they are what the generators make, every op has one, and each is a
// whole module that the WGSL compiler takes.
import { describe, expect, test } from "vitest";
import { goldenGraphs, goldenTexts } from "./golden";
import { TILES } from "./kernels/gemm/tile";
import type { OpKind } from "./ops";
import { PRODUCT_KERNELS } from "./product-kernels";
import { testDevice } from "./testing/evaluate";
import { fingerprint } from "./tuning";
import { readGoldenFiles } from "../cli/wgsl/golden-files";

const texts = goldenTexts();
const files = readGoldenFiles();
const HINT = "run `npm run wgsl -- --write` and look at the diff";

describe("the golden texts are what the generators make", () => {
  test.each([...texts.keys()])("%s", (path) => {
    expect(texts.get(path), HINT).toBe(files.get(path));
  });

  test("and there are no others", () => {
    expect(
      [...files.keys()].filter((path) => !texts.has(path)),
      HINT,
    ).toEqual([]);
  });
});

test("what was measured of other products is not taken for these: product-kernels.ts names them", () => {
  const products = [...texts].filter(([path]) => /^(linear|conv2d)\/.*\.gpu-/.test(path)).map(([, text]) => text);
  expect(products.length).toBeGreaterThan(10);
  expect(PRODUCT_KERNELS).toBe(fingerprint([...products, JSON.stringify(TILES)]));
});

const KINDS = {
  linear: true,
  conv2d: true,
  "group-norm": true,
  "layer-norm": true,
  "rms-norm": true,
  attention: true,
  "cross-attention": true,
  "nag-combine": true,
  embedding: true,
  activate: true,
  binary: true,
  "scale-channels": true,
  "scale-shift": true,
  "gated-add": true,
  "gated-activation": true,
  "add-table": true,
  "table-tokens": true,
  concat: true,
  slice: true,
  "gather-row": true,
  "resize-nearest": true,
  "average-pool": true,
  rotary: true,
  unpatchify: true,
  combine: true,
  "to-rgba": true,
  "channel-moments": true,
  lines: true,
} as const satisfies Readonly<Record<OpKind, true>>;

test("every op has a golden text", () => {
  const seen = new Set<string>(goldenGraphs().flatMap(({ nodes }) => nodes.map(({ op }) => op.kind)));
  expect(Object.keys(KINDS).filter((kind) => !seen.has(kind))).toEqual([]);
});

describe("names follow the rule in wgsl.ts", () => {
  const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
  const PASCAL_CASE = /^([A-Z][a-z0-9]*)+$/;
  const wrongIn = (text: string): readonly string[] => {
    const code = text.replaceAll(/\/\/.*/g, "");
    const structs = [...code.matchAll(/\bstruct (\w+)/g)].map(([, name = ""]) => name);
    const values = [...code.matchAll(/\b(?:let|const|fn|var(?:<[^>]*>)?) (\w+)|\b([a-zA-Z]\w*):/g)].map(
      ([, own, typed]) => own ?? typed ?? "",
    );
    return [...structs.filter((name) => !PASCAL_CASE.test(name)), ...values.filter((name) => !SNAKE_CASE.test(name))];
  };

  test.each([...texts.keys()])("%s", (path) => expect(wrongIn(texts.get(path) ?? "")).toEqual([]));

  test("and what does not is found (control)", () => {
    expect(
      wrongIn("struct sizes { keyEnd: u32 }\nvar<workgroup> aTile: f32; // fineHere: f32\nfn main(Group: u32) { let w_0 = 1; }"),
    ).toEqual(["sizes", "keyEnd", "aTile", "Group"]);
  });
});

test("a comment stands in every entry point", () => {
  expect([...texts].filter(([, text]) => !/fn main[^]*\n +\/\/ /.test(text)).map(([path]) => path)).toEqual([]);
});

describe("the WGSL compiler takes each", () => {
  const errorsOf = async (code: string): Promise<readonly string[]> => {
    const device = await testDevice();
    device.gpu.pushErrorScope("validation");
    const { messages } = await device.gpu.createShaderModule({ code }).getCompilationInfo();
    await device.gpu.popErrorScope();
    return messages.filter(({ type }) => type === "error").map(({ lineNum, message }) => `${lineNum}: ${message}`);
  };

  test.for([...texts.keys()])("%s", async (path, { skip }) => {
    const text = texts.get(path) ?? "";
    const { hasFloat16 } = await testDevice();
    skip(text.includes("enable f16;") && !hasFloat16, "this adapter has no shader-f16");
    expect(await errorsOf(text)).toEqual([]);
  });

  test("and refuses a wrong one (control)", async () => {
    expect(await errorsOf("fn main() { let a: u32 = 1.5; }")).not.toEqual([]);
  });
});
