// WGSL as text: the naming rule, what generators write with, and the module around a kernel's body.
//
// The naming rule: functions, variables, constants, fields of `sizes` and bindings are snake_case,
// structs PascalCase; copies that a generator unrolls end in their numbers, `sum_0_1`. A name in
// WGSL is written the same in TypeScript (`sizes: { weight_quads: 80 }`), so that one search finds
// both. A comment stands at every phase of a kernel. The golden texts are tested against the rule.
import type { Binding, Kernel, KernelTarget } from "./kernel";

/** 0, 1, ... count - 1. */
export const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** One text for each number below `count`, each on lines of its own. */
export const unroll = (count: number, text: (index: number) => string): string => range(count).map(text).join("\n");

/**
 * A template whose text is indented as it stands in the code around it. A value of several lines
 * keeps the indentation of the line it is in; a line that only holds an empty value falls away.
 */
export function wgsl(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  const indents = [...parts.join("$").matchAll(/\n( *)[^\s]/g)].map(([, spaces = ""]) => spaces);
  const margin = `\n${indents.toSorted((a, b) => a.length - b.length)[0] ?? ""}`;
  let text = "";
  parts.forEach((part, index) => {
    text += part.replaceAll(margin, "\n");
    const value = String(values[index] ?? "");
    const line = text.slice(text.lastIndexOf("\n") + 1);
    if (value === "" && line.trim() === "" && parts[index + 1]?.startsWith("\n")) text = text.slice(0, -line.length - 1);
    else text += value.replaceAll(/\n(?!\n)/g, `\n${/^ */.exec(line)?.[0] ?? ""}`);
  });
  return text.replace(/^\n+/, "").trimEnd();
}

/** The entry point: `group` is the workgroup's id, `thread` the invocation's index in it. */
export function entryPoint(threads: number, body: string): string {
  return wgsl`
    @compute @workgroup_size(${threads})
    fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
      ${body}
    }
  `;
}

/** The same for a kernel dispatched by `linearWorkgroups`: `flat_group` counts its workgroups, and may pass the last. */
export function linearEntryPoint(threads: number, body: string): string {
  return wgsl`
    @compute @workgroup_size(${threads})
    fn main(
      @builtin(workgroup_id) group: vec3<u32>,
      @builtin(num_workgroups) groups: vec3<u32>,
      @builtin(local_invocation_index) thread: u32,
    ) {
      let flat_group = group.x + group.y * groups.x;
      ${body}
    }
  `;
}

/** The whole module: sizes, bindings with their accessors, body. Equal texts share one pipeline. */
export function assembleWgsl(kernel: Kernel, target: KernelTarget): string {
  const bindings = kernel.bindings.map((binding, index) => bindingBlock(binding, index, target));
  const { subgroup } = target;
  const isPinned = subgroup !== undefined && kernel.holdsResults === true && threadsOf(kernel.code) % subgroup === 0;
  const code = isPinned ? kernel.code.replace("@compute", `@compute @subgroup_size(${subgroup})`) : kernel.code;
  const enabled = [...(target.half ? ["f16"] : []), ...(isPinned ? ["subgroups", "subgroup_size_control"] : [])];
  const sections = [enabled.map((name) => `enable ${name};`).join("\n"), sizesBlock(kernel), bindings.join("\n"), code];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** Invocations of a workgroup. */
function threadsOf(code: string): number {
  return Number(/@workgroup_size\((\d+)\)/.exec(code)?.[1]);
}

/** Names of the sizes struct's fields in memory order: u32 first, then f32. */
export function sizeFields(kernel: Kernel): readonly { name: string; type: "u32" | "f32"; value: number }[] {
  return [
    ...Object.entries(kernel.sizes).map(([name, value]) => ({ name, type: "u32" as const, value })),
    ...Object.entries(kernel.scalars ?? {}).map(([name, value]) => ({ name, type: "f32" as const, value })),
  ];
}

/** The uniform's bytes. */
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

/** A uniform behind the bindings, so that kernels of one kind share a pipeline whatever their shapes are. */
function sizesBlock(kernel: Kernel): string {
  const fields = sizeFields(kernel);
  if (fields.length === 0) return "";
  const struct = `struct Sizes { ${fields.map(({ name, type }) => `${name}: ${type}`).join(", ")} }`;
  return `${struct}\n@group(0) @binding(${kernel.bindings.length}) var<uniform> sizes: Sizes;`;
}

/** A binding and the one function that reads or writes it, in f32 (or u32) whatever it is stored in. */
function bindingBlock({ name, access, element, lanes }: Binding, index: number, target: KernelTarget): string {
  const vector = (scalar: string) => (lanes === 1 ? scalar : `vec${lanes}<${scalar}>`);
  const value = vector(element === "u32" ? "u32" : "f32");
  const isPacked = element === "weight" && !target.half;
  const isHalf = element === "weight" || (element === "activation" && target.format === "f16");
  const stored = isPacked ? (lanes === 4 ? "vec2<u32>" : "u32") : isHalf ? vector("f16") : value;
  const mode = access === "read" ? "read" : "read_write";
  const declaration = `@group(0) @binding(${index}) var<storage, ${mode}> ${name}: array<${access === "count" ? "atomic<u32>" : stored}>;`;
  const convert = (type: string, text: string) => (stored === value ? text : `${type}(${text})`);
  const load = isPacked ? unpacked(name, lanes) : `return ${convert(value, `${name}[index]`)};`;
  const loading = `fn load_${name}(index: u32) -> ${value} { ${load} }`;
  const storing = `fn store_${name}(index: u32, value: ${value}) { ${name}[index] = ${convert(stored, "value")}; }`;
  const counting = `fn count_up_${name}(index: u32, count: u32) { atomicAdd(&${name}[index], count); }`;
  const accessors = { read: [loading], write: [storing], update: [loading, storing], count: [counting] }[access];
  return [declaration, ...accessors].join("\n");
}

/** float16 without `shader-f16`: two of them in a u32. */
function unpacked(name: string, lanes: Binding["lanes"]): string {
  if (lanes === 1) return `return unpack2x16float(${name}[index >> 1u])[index & 1u];`;
  if (lanes === 2) return `return unpack2x16float(${name}[index]);`;
  return `let packed = ${name}[index]; return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y));`;
}
