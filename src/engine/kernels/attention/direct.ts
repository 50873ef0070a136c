// The core of attention for software adapters: every invocation walks all keys for a few queries
// alone. No workgroup memory and no barriers: a barrier turns the shader into a coroutine, which
// takes five times as long to compile there, and the processor's cache does what workgroup memory
// would. Loads of keys and values have one address for all invocations, which those drivers do
// once; loops over channels stay rolled, with bounds the compiler does not know.
import { range, unroll, wgsl } from "../../wgsl";
import { LOWEST, readEach, type Core, type CoreOptions, type PerKey } from "./core";

/** Invocations of a workgroup: one vector of the widest driver. */
const THREADS = 8;

/** Keys whose scores are held at a time, in one `vec4` per query. */
const KEYS = 4;

/** Queries of an invocation: more hide the loads no further and compile longer. */
const QUERIES = 4;

/** Accumulators (`vec4`s) of an invocation: 4 KiB of the 8 KiB that WGSL guarantees, as NASA keeps two sets. */
const MOST_QUADS = 256;

export function directCore(options: CoreOptions): Core {
  const queries = Math.min(QUERIES, Math.floor(MOST_QUADS / options.quads));
  // In powers of two, so that most head sizes share a pipeline.
  const size = Math.max(64, 2 ** Math.ceil(Math.log2(options.quads * queries)));
  return {
    threads: THREADS,
    queries: THREADS * queries,
    declarations: wgsl`
      var<private> output: array<vec4<f32>, ${size}>; // [quad][query]
      ${options.second ? `var<private> kept: array<vec4<f32>, ${size}>;` : ""}
    `,
    begin: wgsl`
      // This thread's queries. Past the end, the last token is computed again.
      let first_token = (group.x * ${THREADS}u + thread) * ${queries}u;
      ${unroll(queries, (i) => `let row_${i} = batch * sizes.tokens + min(first_token + ${i}u, sizes.tokens - 1u);`)}
    `,
    ...softmaxOver(options, queries),
    each: (text) => wgsl`
      for (var quad = 0u; quad < sizes.quads; quad++) {
        ${unroll(queries, (i) => {
          const at = place(queries, i);
          const line = text({ output: `output${at}`, kept: `kept${at}`, token: `first_token + ${i}u`, quad: "quad" });
          return `if (first_token + ${i}u < sizes.tokens) { ${line} }`;
        })}
      }
    `,
  };
}

function softmaxOver({ causal, sources, perKey }: CoreOptions, queries: number): Pick<Core, "fresh" | "keys" | "finish"> {
  const at = (i: number) => `output${place(queries, i)}`;
  const sumOver = (separator: string, text: (j: number) => string) => range(KEYS).map(text).join(separator);
  const fresh = wgsl`
    // A fresh softmax.
    for (var i = 0u; i < sizes.quads * ${queries}u; i++) { output[i] = vec4<f32>(0.0); }
    ${unroll(queries, (i) => `var maximum_${i} = ${LOWEST};\nvar total_${i} = 0.0;`)}
  `;
  const keys = wgsl`
    for (var first_key = 0u; first_key < key_end; first_key += ${KEYS}u) {
      // Scores: every query against four keys.
      ${unroll(KEYS, (j) => `let key_${j} = min(first_key + ${j}u, key_end - 1u);`)}
      ${unroll(queries, (i) => `var scores_${i} = vec4<f32>(0.0);`)}
      for (var quad = 0u; quad < sizes.quads; quad++) {
        ${readEach(
          sources,
          KEYS,
          (j) => `k_${j}`,
          (from, j) => from.key(`key_${j}`, "quad"),
        )}
        ${unroll(
          queries,
          (i) => wgsl`
            let q_${i} = quad_q(row_${i}, head, quad);
            scores_${i} += vec4<f32>(${sumOver(", ", (j) => `dot(q_${i}, k_${j})`)});
          `,
        )}
      }
      // Weights: keys past the end get none, and what was summed under an old maximum shrinks.
      let keys = vec4<u32>(first_key) + vec4<u32>(0u, 1u, 2u, 3u);
      ${perKey ? `let factors = ${perKey.factors("first_key")};` : ""}
      ${unroll(queries, (i) => softmax(i, causal, perKey))}
      // Output: the weighted sum of values.
      for (var quad = 0u; quad < sizes.quads; quad++) {
        ${readEach(
          sources,
          KEYS,
          (j) => `v_${j}`,
          (from, j) => from.value(`key_${j}`, "quad"),
        )}
        ${unroll(queries, (i) => `${at(i)} = ${at(i)} * shrink_${i} + (${sumOver(" + ", (j) => `weights_${i}[${j}] * v_${j}`)});`)}
      }
    }
  `;
  const finish = wgsl`
    // Divide by the sum of weights.
    ${unroll(queries, (i) => `let inverse_${i} = select(0.0, 1.0 / total_${i}, total_${i} > 0.0);`)}
    for (var quad = 0u; quad < sizes.quads; quad++) {
      ${unroll(queries, (i) => `${at(i)} *= inverse_${i};`)}
    }
  `;
  return { fresh, keys, finish };
}

function place(queries: number, i: number): string {
  return `[quad * ${queries}u + ${i}u]`;
}

/** From scores to weights, with the factor `shrink` for what was summed under the old maximum. */
function softmax(i: number, causal: boolean, perKey: PerKey | undefined): string {
  const end = causal ? `min(key_end, first_token + ${i + 1}u)` : "key_end";
  return wgsl`
    scores_${i} = select(vec4<f32>(${LOWEST}), scores_${i} * sizes.scale${perKey?.bias ? ` + ${perKey.bias}` : ""}, keys < vec4<u32>(${end}));
    let new_maximum_${i} = max(maximum_${i}, max(max(scores_${i}.x, scores_${i}.y), max(scores_${i}.z, scores_${i}.w)));
    let shrink_${i} = exp2(maximum_${i} - new_maximum_${i});
    ${perKey ? "var" : "let"} weights_${i} = exp2(scores_${i} - new_maximum_${i});
    maximum_${i} = new_maximum_${i};
    total_${i} = total_${i} * shrink_${i} + (weights_${i}.x + weights_${i}.y + weights_${i}.z + weights_${i}.w);
    ${perKey ? `weights_${i} *= factors;` : ""}
  `;
}
