// Assembles the WGSL module of a kernel: enable directives, sizes, bindings with
// their accessors, shared helper functions, body. The text is the pipeline's identity.
import type { Binding, Kernel, KernelTarget } from "./kernel";

/** WGSL text of a kernel for one target; equal texts share one pipeline. */
export function assembleWgsl(kernel: Kernel, target: KernelTarget): string {
  const parts = [
    target.half ? "enable f16;\n" : "",
    sizesBlock(kernel, target),
    ...kernel.bindings.map((binding, index) => bindingBlock(binding, index, target)),
    SHARED,
    kernel.code,
  ];
  return parts.join("\n");
}

/** Names of the sizes struct's fields in memory order: u32 first, then f32. */
export function sizeFields(kernel: Kernel): readonly { name: string; type: "u32" | "f32"; value: number }[] {
  return [
    ...Object.entries(kernel.sizes).map(([name, value]) => ({ name, type: "u32" as const, value })),
    ...Object.entries(kernel.scalars ?? {}).map(([name, value]) => ({ name, type: "f32" as const, value })),
  ];
}

/** The uniform's bytes for sizes in a uniform. */
export function packSizes(kernel: Kernel): ArrayBuffer {
  const fields = sizeFields(kernel);
  const bytes = new ArrayBuffer(Math.max(16, Math.ceil(fields.length / 4) * 16));
  const view = new DataView(bytes);
  fields.forEach(({ type, value }, index) => {
    if (type === "u32") view.setUint32(index * 4, value, true);
    else view.setFloat32(index * 4, value, true);
  });
  return bytes;
}

function sizesBlock(kernel: Kernel, target: KernelTarget): string {
  const fields = sizeFields(kernel);
  if (fields.length === 0) return "";
  const struct = `struct Sizes { ${fields.map(({ name, type }) => `${name}: ${type}`).join(", ")} }`;
  if (target.traits.sizes === "uniform") {
    return `${struct}\n@group(0) @binding(${kernel.bindings.length}) var<uniform> sizes: Sizes;`;
  }
  return `${struct}\nconst sizes = Sizes(${fields.map(({ type, value }) => literal(type, value)).join(", ")});`;
}

function literal(type: "u32" | "f32", value: number): string {
  if (type === "u32") return `${value}u`;
  const text = Math.fround(value).toString();
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

function bindingBlock({ name, access, element, lanes }: Binding, index: number, target: KernelTarget): string {
  const mode = access === "read" ? "read" : "read_write";
  const stored = storedType(element, lanes, target);
  const value = valueType(element, lanes);
  const declaration = `@group(0) @binding(${index}) var<storage, ${mode}> ${name}: array<${stored}>;`;
  if (access === "read") return `${declaration}\n${loadFunction(name, element, lanes, stored, value, target)}`;
  const converted = stored === value ? "value" : `${stored}(value)`;
  return `${declaration}\nfn store_${name}(index: u32, value: ${value}) { ${name}[index] = ${converted}; }`;
}

function loadFunction(
  name: string,
  element: Binding["element"],
  lanes: 1 | 4,
  stored: string,
  value: string,
  target: KernelTarget,
): string {
  const head = `fn load_${name}(index: u32) -> ${value}`;
  if (element === "weight" && !target.half) {
    if (lanes === 4) {
      return `${head} { let packed = ${name}[index]; return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y)); }`;
    }
    return `${head} { return unpack2x16float(${name}[index >> 1u])[index & 1u]; }`;
  }
  return stored === value ? `${head} { return ${name}[index]; }` : `${head} { return ${value}(${name}[index]); }`;
}

function storedType(element: Binding["element"], lanes: 1 | 4, target: KernelTarget): string {
  if (element === "weight" && !target.half) return lanes === 4 ? "vec2<u32>" : "u32";
  const scalar = element === "u32" ? "u32" : element === "weight" || (element === "activation" && target.format === "f16") ? "f16" : "f32";
  return lanes === 4 ? `vec4<${scalar}>` : scalar;
}

function valueType(element: Binding["element"], lanes: 1 | 4): string {
  const scalar = element === "u32" ? "u32" : "f32";
  return lanes === 4 ? `vec4<${scalar}>` : scalar;
}

const SHARED = `
fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }
`;
