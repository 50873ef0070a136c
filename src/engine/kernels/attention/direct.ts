// The core of attention for software adapters: every invocation walks all keys for a few queries
// alone. No workgroup memory and no barriers: a barrier turns the shader into a coroutine, which
// takes five times as long to compile there, and the processor's cache does what workgroup memory
// would. Loads of keys and values have one address for all invocations, which those drivers do
// once; loops over channels stay rolled, with bounds the compiler does not know.
import type { Core, CoreOptions } from "./core";

/** Invocations of a workgroup: one vector of the widest driver. */
const INVOCATIONS = 8;

/** Keys whose scores are held at a time, in one `vec4` per query. */
const KEYS = 4;

/** Queries of an invocation: more hide the loads no further and compile longer. */
const QUERIES = 4;

/** Accumulators (`vec4`s) of an invocation: 4 KiB of the 8 KiB that WGSL guarantees, as NASA keeps two sets. */
const MOST_QUADS = 256;

const LOWEST = "-3.0e38";

const list = (count: number, text: (i: number) => string): readonly string[] => Array.from({ length: count }, (_, i) => text(i));
const times = (count: number, text: (i: number) => string): string => list(count, text).join("\n");

export function directCore({ quads, causal, second, readKey, readValue }: CoreOptions): Core {
  const queries = Math.min(QUERIES, Math.floor(MOST_QUADS / quads));
  // In powers of two, so that most head sizes share a pipeline.
  const size = Math.max(64, 2 ** Math.ceil(Math.log2(quads * queries)));
  const at = (i: number) => `[c * ${queries}u + ${i}u]`;
  return {
    invocations: INVOCATIONS,
    queries: INVOCATIONS * queries,
    declarations: `
var<private> output: array<vec4<f32>, ${size}>; // [quad][query]
${second ? `var<private> kept: array<vec4<f32>, ${size}>;` : ""}
`,
    begin: `
  let first = (id.x * ${INVOCATIONS}u + local) * ${queries}u;
${times(queries, (i) => `  let row${i} = batch * sizes.tokens + min(first + ${i}u, sizes.tokens - 1u);`)}`,
    branch: `
  for (var c = 0u; c < sizes.quads * ${queries}u; c++) { output[c] = vec4<f32>(0.0); }
${times(queries, (i) => `  var m${i} = ${LOWEST}; var l${i} = 0.0;`)}
  for (var start = 0u; start < keyEnd; start += ${KEYS}u) {
${times(KEYS, (j) => `    let key${j} = min(start + ${j}u, keyEnd - 1u);`)}
${times(queries, (i) => `    var s${i} = vec4<f32>(0.0);`)}
    for (var c = 0u; c < sizes.quads; c++) {
${times(KEYS, (j) => `      let k${j} = ${readKey(`key${j}`, "c")};`)}
${times(queries, (i) => `      let q${i} = quad_q(row${i}, head, c);\n      s${i} += vec4<f32>(${list(KEYS, (j) => `dot(q${i}, k${j})`).join(", ")});`)}
    }
    let keys = vec4<u32>(start) + vec4<u32>(0u, 1u, 2u, 3u);
${times(queries, (i) => softmax(i, causal))}
    for (var c = 0u; c < sizes.quads; c++) {
${times(KEYS, (j) => `      let v${j} = ${readValue(`key${j}`, "c")};`)}
${times(queries, (i) => `      output${at(i)} = output${at(i)} * shrink${i} + (${list(KEYS, (j) => `p${i}[${j}] * v${j}`).join(" + ")});`)}
    }
  }
${times(queries, (i) => `  let inverse${i} = select(0.0, 1.0 / l${i}, l${i} > 0.0);`)}
  for (var c = 0u; c < sizes.quads; c++) {
${times(queries, (i) => `    output${at(i)} *= inverse${i};`)}
  }`,
    each: (text) => `
  for (var c = 0u; c < sizes.quads; c++) {
${times(queries, (i) => {
  const line = text({ o: `output${at(i)}`, z: `kept${at(i)}`, token: `first + ${i}u`, quad: "c" });
  return `    if (first + ${i}u < sizes.tokens) { ${line} }`;
})}
  }`,
  };
}

/** From scores `s` to weights `p`, with the factor `shrink` for what was summed under the old maximum. */
function softmax(i: number, causal: boolean): string {
  const end = causal ? `min(keyEnd, first + ${i + 1}u)` : "keyEnd";
  return `
    s${i} = select(vec4<f32>(${LOWEST}), s${i} * sizes.scale, keys < vec4<u32>(${end}));
    let new${i} = max(m${i}, max(max(s${i}.x, s${i}.y), max(s${i}.z, s${i}.w)));
    let shrink${i} = exp2(m${i} - new${i});
    let p${i} = exp2(s${i} - new${i});
    m${i} = new${i};
    l${i} = l${i} * shrink${i} + (p${i}.x + p${i}.y + p${i}.z + p${i}.w);`;
}
