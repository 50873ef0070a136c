// The core of attention for software adapters: every invocation walks all keys for a few queries
// alone. No workgroup memory and no barriers, because there a barrier turns the shader into a
// coroutine (seconds to compile) and the processor's cache does what workgroup memory would.
// Loads of keys and values have one address for all invocations; loops stay rolled.
import type { Core, CoreOptions } from "./core";

/** Invocations of a workgroup: one vector of the widest driver. */
const INVOCATIONS = 8;

/** Keys whose scores are held at a time. */
const KEYS = 4;

/** `vec4`s of accumulators in workgroup memory: 16 KiB. */
const MEMORY_QUADS = 1024;

const LOWEST = "-3.0e38";

const times = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join("\n");
const sum = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join(" + ");

export function directCore({ quads, causal, second, readKey, readValue }: CoreOptions): Core {
  const queries = Math.max(1, Math.min(4, Math.floor(MEMORY_QUADS / INVOCATIONS / quads / (second ? 2 : 1))));
  const lane = ["x", "y", "z", "w"];
  const end = (i: number): string => (causal ? `min(keyEnd, first + ${i + 1}u)` : "keyEnd");
  const size = quads * queries * INVOCATIONS;
  const slot = (i: number) => `(c * ${queries}u + ${i}u) * ${INVOCATIONS}u + local`;
  return {
    invocations: INVOCATIONS,
    queries: INVOCATIONS * queries,
    declarations: `
var<workgroup> output: array<vec4<f32>, ${size}>; // [quad][query][invocation]
${second ? `var<workgroup> kept: array<vec4<f32>, ${size}>;` : ""}
`,
    begin: `
  let first = (id.x * ${INVOCATIONS}u + local) * ${queries}u;
${times(queries, (i) => `  let token${i} = batch * sizes.tokens + min(first + ${i}u, sizes.tokens - 1u);`)}`,
    branch: `
  for (var c = 0u; c < sizes.quads * ${queries}u; c++) { output[c * ${INVOCATIONS}u + local] = vec4<f32>(0.0); }
${times(queries, (i) => `  var m${i} = ${LOWEST}; var l${i} = 0.0;`)}
  for (var start = 0u; start < keyEnd; start += ${KEYS}u) {
${times(KEYS, (j) => `    let key${j} = min(start + ${j}u, keyEnd - 1u);`)}
${times(queries, (i) => `    var s${i} = vec4<f32>(0.0);`)}
    for (var c = 0u; c < sizes.quads; c++) {
${times(KEYS, (j) => `      let k${j} = ${readKey(`key${j}`, "c")};`)}
${times(queries, (i) => `      let q${i} = quad_q(token${i}, head, c);\n      s${i} += vec4<f32>(${[0, 1, 2, 3].map((j) => `dot(q${i}, k${j})`).join(", ")});`)}
    }
    let keys = vec4<u32>(start) + vec4<u32>(0u, 1u, 2u, 3u);
${times(
  queries,
  (i) => `    s${i} = select(vec4<f32>(${LOWEST}), s${i} * sizes.scale, keys < vec4<u32>(${end(i)}));
    let new${i} = max(m${i}, max(max(s${i}.x, s${i}.y), max(s${i}.z, s${i}.w)));
    let shrink${i} = exp2(m${i} - new${i});
    let p${i} = exp2(s${i} - new${i});
    m${i} = new${i};
    l${i} = l${i} * shrink${i} + (p${i}.x + p${i}.y + p${i}.z + p${i}.w);`,
)}
    for (var c = 0u; c < sizes.quads; c++) {
${times(KEYS, (j) => `      let v${j} = ${readValue(`key${j}`, "c")};`)}
${times(queries, (i) => `      output[${slot(i)}] = output[${slot(i)}] * shrink${i} + (${sum(KEYS, (j) => `p${i}.${lane[j]} * v${j}`)});`)}
    }
  }
${times(queries, (i) => `  let inverse${i} = select(0.0, 1.0 / l${i}, l${i} > 0.0);`)}
  for (var c = 0u; c < sizes.quads; c++) {
${times(queries, (i) => `    output[${slot(i)}] *= inverse${i};`)}
  }`,
    each: (text) => `
  for (var c = 0u; c < sizes.quads; c++) {
${times(queries, (i) => {
  const at = `[${slot(i)}]`;
  return `    if (first + ${i}u < sizes.tokens) { ${text({ o: `output${at}`, z: `kept${at}`, token: `first + ${i}u`, quad: "c" })} }`;
})}
  }`,
  };
}
