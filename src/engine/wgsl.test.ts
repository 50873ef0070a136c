// Rules of the assembled module: one body serves every number format and all sizes, and nothing else of the text
// depends on them.
import { describe, expect, test } from "vitest";
import { LEAST_LIMITS, type Kernel, type KernelTarget } from "./kernel";
import { TRAITS } from "./traits";
import { assembleWgsl, entryPoint, packSizes, unroll, wgsl } from "./wgsl";

const KERNEL: Kernel = {
  name: "copy",
  bindings: [
    { name: "x", access: "read", element: "activation", lanes: 4 },
    { name: "w", access: "read", element: "weight", lanes: 1 },
    { name: "y", access: "write", element: "activation", lanes: 4 },
  ],
  sizes: { count: 12 },
  scalars: { epsilon: 1e-5, one: 1 },
  workgroups: [1, 1, 1],
  code: "@compute @workgroup_size(1) fn main() { store_y(0u, load_x(0u) * load_w(sizes.count)); }",
};

const TARGET: KernelTarget = {
  format: "f32",
  half: false,
  ...LEAST_LIMITS,
  traits: TRAITS.hardware,
};

describe("assembled WGSL", () => {
  test("without shader-f16: f32 activations, weights unpacked from u32", () => {
    const text = assembleWgsl(KERNEL, TARGET);
    expect(text).not.toContain("f16;");
    expect(text).toContain("var<storage, read> x: array<vec4<f32>>");
    expect(text).toContain("unpack2x16float(w[index >> 1u])[index & 1u]");
  });

  test("with shader-f16: both formats of activations, f16 weights", () => {
    const half = assembleWgsl(KERNEL, { ...TARGET, format: "f16", half: true });
    expect(half.startsWith("enable f16;")).toBe(true);
    expect(half).toContain("x: array<vec4<f16>>");
    expect(half).toContain("y[index] = vec4<f16>(value)");
    const full = assembleWgsl(KERNEL, { ...TARGET, half: true });
    expect(full).toContain("x: array<vec4<f32>>");
    expect(full).toContain("w: array<f16>");
  });

  test("sizes leave no number in the text, and take the next binding", () => {
    const text = assembleWgsl(KERNEL, TARGET);
    expect(text).toContain("@binding(3) var<uniform> sizes: Sizes;");
    expect(assembleWgsl({ ...KERNEL, sizes: { count: 13 } }, TARGET)).toBe(text);
    // Control: a size of another name is another text.
    expect(assembleWgsl({ ...KERNEL, sizes: { number: 12 } }, TARGET)).not.toBe(text);
  });

  test("the uniform's bytes hold u32 fields first, then f32", () => {
    const view = new DataView(packSizes(KERNEL));
    expect(view.byteLength % 16).toBe(0);
    expect([view.getUint32(0, true), view.getFloat32(4, true), view.getFloat32(8, true)]).toEqual([12, Math.fround(1e-5), 1]);
  });
});

describe("a wgsl template", () => {
  test("drops the indentation of the code around it, and the lines of empty values", () => {
    const text = wgsl`
      fn f() {
        ${""}
        let a = ${1}u;
      }
    `;
    expect(text).toBe("fn f() {\n  let a = 1u;\n}");
  });

  test("indents a value of several lines like the line it begins on", () => {
    const body = unroll(2, (i) => `let a_${i} = ${i}u;`);
    expect(wgsl`
      {
        ${body}
      }
    `).toBe("{\n  let a_0 = 0u;\n  let a_1 = 1u;\n}");
  });

  test("of one line is that line (control)", () => {
    expect(wgsl`return ${2}u;`).toBe("return 2u;");
  });
});

describe("a kernel that holds many results", () => {
  const kernel: Kernel = {
    name: "k",
    bindings: [],
    sizes: {},
    workgroups: [1, 1, 1],
    code: entryPoint(64, ""),
    holdsResults: true,
  };
  const target: KernelTarget = { ...LEAST_LIMITS, format: "f16", half: true, traits: TRAITS.hardwareWithFewRegisters };

  test.each([
    { rule: "asks for subgroups of so many lanes", change: {}, subgroup: 16, isPinned: true },
    { rule: "control: the driver chooses", change: {}, subgroup: undefined, isPinned: false },
    { rule: "control: another kernel", change: { holdsResults: false }, subgroup: 16, isPinned: false },
    { rule: "control: a workgroup that is no whole number of them", change: { code: entryPoint(60, "") }, subgroup: 16, isPinned: false },
  ])("$rule", ({ change, subgroup, isPinned }) => {
    const text = assembleWgsl({ ...kernel, ...change }, { ...target, subgroup });
    expect(text.includes("@compute @subgroup_size(16) @workgroup_size(64)")).toBe(isPinned);
    expect(text.includes("enable subgroup_size_control;")).toBe(isPinned);
  });
});
