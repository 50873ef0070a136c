// The core of attention for GPUs: GEMM-like tiles in workgroup memory, an online softmax between.
//
// One workgroup owns a tile of queries of one head. Per tile of keys each invocation forms a
// block of scores (its queries x 4 keys) from staged q and k, the invocations of a row agree
// on the row's maximum, write exp2(score - maximum) to workgroup memory, and accumulate their
// share of the channels from staged v. The row's sum stays spread over its invocations until
// the end. An invocation's queries are `rows` apart, so that neighbours read neighbouring rows
// (other banks). State is f32; scores carry a factor log2(e), so that exp is exp2.
import type { Core, CoreOptions } from "./core";
import { KEYS_PER_INVOCATION, keysOf, outputQuads, pitchOf, queriesOf, stagedQuads, type Tile } from "./tile";

type Flash = CoreOptions & { readonly tile: Tile };

export function tiledCore(options: CoreOptions, tile: Tile): Core {
  const flash = { ...options, tile };
  return {
    invocations: tile.columns * tile.rows,
    queries: queriesOf(tile),
    declarations: memory(flash),
    begin: begin(flash),
    branch: branch(flash),
    each: (text) => each(flash, text),
  };
}

/** Below any score, finite: exp2 of the difference to a real score is 0, to itself 1, never NaN. */
const LOWEST = "-3.0e38";

const times = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join("\n");

function memory({ quads, tile }: Flash): string {
  const rows = queriesOf(tile);
  return `
const INVOCATIONS = ${tile.columns * tile.rows}u;
var<workgroup> staged_q: array<vec4<f32>, ${rows * pitchOf(tile)}>;
var<workgroup> staged: array<vec4<f32>, ${stagedQuads(quads, tile)}>; // keys, then values
var<workgroup> probabilities: array<vec4<f32>, ${(rows * keysOf(tile)) / 4}>; // [query][key / 4]
var<workgroup> partial: array<f32, ${rows * tile.columns}>; // [query][column]
`;
}

function begin(flash: Flash): string {
  const { quads, tile } = flash;
  return `
  let column = local % ${tile.columns}u;
  let first = local / ${tile.columns}u;
  let token0 = id.x * ${queriesOf(tile)}u;
${eachOutput(tile.queries, outputQuads(quads, tile), (i, j) => `  var o${i}_${j} = vec4<f32>(0.0);${flash.second ? ` var z${i}_${j} = vec4<f32>(0.0);` : ""}`)}
${tile.chunk >= quads ? stageQueries(flash, "0u") : ""}`;
}

function branch(flash: Flash): string {
  const { quads, tile } = flash;
  const outputs = outputQuads(quads, tile);
  const { queries, columns, rows } = tile;
  return `
${times(queries, (i) => `  var m${i} = ${LOWEST}; var l${i} = 0.0;`)}
${eachOutput(queries, outputs, (i, j) => `  o${i}_${j} = vec4<f32>(0.0);`)}
  for (var start = 0u; start < keyEnd; start += ${keysOf(tile)}u) {
${scores(flash)}
${mask(flash)}
${times(queries, (i) => `    partial[(first + ${i * rows}u) * ${columns}u + column] = max(max(s${i}.x, s${i}.y), max(s${i}.z, s${i}.w));`)}
    workgroupBarrier();
${times(queries, (i) => softmax(i, tile, outputs))}
${values(flash)}
  }
${times(queries, (i) => `  partial[(first + ${i * rows}u) * ${columns}u + column] = l${i};`)}
  workgroupBarrier();
${times(queries, (i) => {
  const sum = Array.from({ length: columns }, (_, c) => `partial[(first + ${i * rows}u) * ${columns}u + ${c}u]`).join(" + ");
  return `  let sum${i} = ${sum};\n  let inverse${i} = select(0.0, 1.0 / sum${i}, sum${i} > 0.0);`;
})}
${eachOutput(queries, outputs, (i, j) => `  o${i}_${j} *= inverse${i};`)}
`;
}

function each({ quads, tile }: Flash, text: Parameters<Core["each"]>[0]): string {
  return times(tile.queries, (i) => {
    const token = `token0 + first + ${i * tile.rows}u`;
    const body = times(outputQuads(quads, tile), (j) => {
      const quad = `column + ${j * tile.columns}u`;
      const line = text({ o: `o${i}_${j}`, z: `z${i}_${j}`, token, quad });
      return (j + 1) * tile.columns > quads ? `    if (${quad} < ${quads}u) { ${line} }` : `    ${line}`;
    });
    return `  if (${token} < sizes.tokens) {\n${body}\n  }`;
  });
}

function eachOutput(queries: number, outputs: number, text: (i: number, j: number) => string): string {
  return times(queries, (i) => times(outputs, (j) => text(i, j)));
}

function stageQueries({ quads, tile }: Flash, chunk: string): string {
  return `
    for (var i = local; i < ${queriesOf(tile) * tile.chunk}u; i += INVOCATIONS) {
      let row = i / ${tile.chunk}u;
      let c = ${chunk} + i % ${tile.chunk}u;
      var quad = vec4<f32>(0.0);
      if (token0 + row < sizes.tokens && c < ${quads}u) { quad = quad_q(batch * sizes.tokens + token0 + row, head, c); }
      staged_q[row * ${pitchOf(tile)}u + i % ${tile.chunk}u] = quad;
    }`;
}

/** Staged row `j * columns + column` is key `column * 4 + j`: a column's keys are neighbours, its rows are in different banks. */
function stageKeys({ quads, tile, readKey }: Flash, chunk: string): string {
  return `
    for (var i = local; i < ${keysOf(tile) * tile.chunk}u; i += INVOCATIONS) {
      let row = i / ${tile.chunk}u;
      let key = start + (row % ${tile.columns}u) * ${KEYS_PER_INVOCATION}u + row / ${tile.columns}u;
      let c = ${chunk} + i % ${tile.chunk}u;
      var quad = vec4<f32>(0.0);
      if (key < keyEnd && c < ${quads}u) { quad = ${readKey("key", "c")}; }
      staged[row * ${pitchOf(tile)}u + i % ${tile.chunk}u] = quad;
    }`;
}

/** `s{i}`: scores of query i against this invocation's four keys. */
function scores(flash: Flash): string {
  const { quads, tile } = flash;
  const { queries, columns } = tile;
  const pitch = pitchOf(tile);
  const lane = ["x", "y", "z", "w"];
  const product = `
${times(4, (j) => `      let k${j} = staged[(${j * columns}u + column) * ${pitch}u + c];`)}
${times(queries, (i) => `      let q${i} = staged_q[(first + ${i * tile.rows}u) * ${pitch}u + c];`)}
${times(queries, (i) => times(4, (j) => `      s${i}.${lane[j]} = ${product4(`q${i}`, `k${j}`, `s${i}.${lane[j]}`)};`))}`;
  const block = (chunk: string, again: boolean): string => `
${again ? stageQueries(flash, chunk) : ""}${stageKeys(flash, chunk)}
    workgroupBarrier();
    for (var c = 0u; c < ${tile.chunk < quads ? `${tile.chunk}u` : "sizes.quads"}; c++) {${product}
    }`;
  const zero = times(queries, (i) => `    var s${i} = vec4<f32>(0.0);`);
  if (tile.chunk >= quads) return `${zero}${block("0u", false)}`;
  return `${zero}
    for (var chunk = 0u; chunk < sizes.quads; chunk += ${tile.chunk}u) {${block("chunk", true)}
    workgroupBarrier();
    }`;
}

/** sum + dot(a, b) in four fused operations; `dot` and an addition would be five. */
function product4(a: string, b: string, sum: string): string {
  return ["x", "y", "z", "w"].reduce((text, lane) => `fma(${a}.${lane}, ${b}.${lane}, ${text})`, sum);
}

function mask({ tile, causal }: Flash): string {
  return `
    let keys = vec4<u32>(start + column * ${KEYS_PER_INVOCATION}u) + vec4<u32>(0u, 1u, 2u, 3u);
${times(tile.queries, (i) => {
  const end = causal ? `min(keyEnd, token0 + first + ${i * tile.rows + 1}u)` : "keyEnd";
  return `    s${i} = select(vec4<f32>(${LOWEST}), s${i} * sizes.scale, keys < vec4<u32>(${end}));`;
})}`;
}

function softmax(i: number, tile: Tile, outputs: number): string {
  const { columns, rows } = tile;
  const maximum = Array.from({ length: columns }, (_, c) => `partial[(first + ${i * rows}u) * ${columns}u + ${c}u]`).reduce(
    (text, next) => `max(${text}, ${next})`,
    `m${i}`,
  );
  return `
    let new${i} = ${maximum};
    let shrink${i} = exp2(m${i} - new${i});
    let p${i} = exp2(s${i} - new${i});
    m${i} = new${i};
    l${i} = l${i} * shrink${i} + (p${i}.x + p${i}.y + p${i}.z + p${i}.w);
    probabilities[(first + ${i * rows}u) * ${columns}u + column] = p${i};
${times(outputs, (j) => `    o${i}_${j} *= shrink${i};`)}`;
}

/** Accumulates probabilities times values; begins after the scores are done with `staged`, ends with it free again. */
function values({ quads, tile, readValue }: Flash): string {
  const { queries, columns, valueKeys } = tile;
  const outputs = outputQuads(quads, tile);
  const pitch = outputs * columns;
  const lane = ["x", "y", "z", "w"];
  const stages = keysOf(tile) / valueKeys;
  const block = (base: string): string => `
    for (var i = local; i < ${valueKeys * quads}u; i += INVOCATIONS) {
      let key = start + ${base} + i / ${quads}u;
      var quad = vec4<f32>(0.0);
      if (key < keyEnd) { quad = ${readValue("key", `i % ${quads}u`)}; }
      staged[(i / ${quads}u) * ${pitch}u + i % ${quads}u] = quad;
    }
    workgroupBarrier();
    for (var r = 0u; r < ${valueKeys / 4}u; r++) {
${times(queries, (i) => `      let p${i} = probabilities[(first + ${i * tile.rows}u) * ${columns}u + (${base}) / 4u + r];`)}
${times(4, (k) =>
  times(outputs, (j) => {
    const load = `      let v${k}_${j} = staged[(r * 4u + ${k}u) * ${pitch}u + ${j * columns}u + column];`;
    return `${load}\n${times(queries, (i) => `      o${i}_${j} = fma(vec4<f32>(p${i}.${lane[k]}), v${k}_${j}, o${i}_${j});`)}`;
  }),
)}
    }
    workgroupBarrier();`;
  if (stages === 1) return block("0u");
  return `    for (var base = 0u; base < ${keysOf(tile)}u; base += ${valueKeys}u) {${block("base")}\n    }`;
}
