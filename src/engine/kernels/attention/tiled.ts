// The core of attention for GPUs: GEMM-like tiles in workgroup memory, an online softmax between.
//
// One workgroup owns a tile of queries of one head. Per tile of keys each invocation forms a
// block of scores (its queries x 4 keys) from staged q and k, the invocations of a row agree
// on the row's maximum, write exp2(score - maximum) to workgroup memory, and accumulate their
// share of the channels from staged v. The row's sum stays spread over its invocations until
// the end. An invocation's queries are `rows` apart, so that neighbours read neighbouring rows
// (other banks). Scores carry a factor log2(e), so that exp is exp2.
//
// State is f32. Where the target multiplies in float16, so are a score's products, summed in four
// lanes that are added in f32, and a tile's weighted values before they are added to the f32 sums:
// n terms lose about 2^-12 sqrt(n / 2) of their sum, 7e-4 for a score of 64 channels.
import { range, unroll, wgsl } from "../../wgsl";
import { LOWEST, type Core, type CoreOptions } from "./core";
import {
  askForKeys,
  askForValues,
  placeKeys,
  placeValues,
  stageQueries,
  stagingMemory,
  storeKeys,
  storeValues,
  taken,
  type Flash,
} from "./staging";
import { KEYS_PER_INVOCATION, keysOf, outputQuads, pitchOf, queriesOf, valuesBegin, type Tile } from "./tile";

const LANES = ["x", "y", "z", "w"];

export function tiledCore(options: CoreOptions, tile: Tile): Core {
  const flash = { ...options, tile };
  return {
    threads: tile.columns * tile.rows,
    queries: queriesOf(tile),
    declarations: wgsl`
      ${stagingMemory(flash)}
      ${options.projection?.declarations(tile) ?? ""}
    `,
    begin: begin(flash),
    ...softmaxOver(flash),
    each: (text) => each(flash, text),
  };
}

function begin(flash: Flash): string {
  const { quads, tile, second, projection } = flash;
  const registers = (i: number, j: number) =>
    (second ? ["output", "kept"] : ["output"]).map((name) => `var ${name}_${i}_${j} = vec4<f32>(0.0);`).join("\n");
  return wgsl`
    // This thread's place: a column of keys and channels, a row of queries.
    let column = thread % ${tile.columns}u;
    let first_row = thread / ${tile.columns}u;
    let first_token = group.x * ${queriesOf(tile)}u;
    ${bothAtOnce(flash) ? `// What this thread copies of every tile.\n${placeKeys(flash, "")}\n${placeValues(flash)}` : ""}
    ${eachOutput(flash, registers)}
    ${tile.chunk < quads ? "" : (projection?.stage(tile) ?? stageQueries(flash, ""))}
  `;
}

function softmaxOver(flash: Flash): Pick<Core, "fresh" | "keys" | "finish"> {
  const { tile, perKey } = flash;
  const { queries, columns } = tile;
  const sum = (i: number) => {
    const parts = range(columns).map((column) => `partial[${rowOf(tile, i)} * ${columns}u + ${column}u]`);
    return wgsl`
      let sum_${i} = ${parts.join(" + ")};
      let inverse_${i} = select(0.0, 1.0 / sum_${i}, sum_${i} > 0.0);
    `;
  };
  const fresh = wgsl`
    // A fresh softmax.
    ${unroll(queries, (i) => `var maximum_${i} = ${LOWEST};\nvar total_${i} = 0.0;`)}
    ${eachOutput(flash, (i, j) => `output_${i}_${j} = vec4<f32>(0.0);`)}
  `;
  const keys = wgsl`
    for (var first_key = 0u; first_key < key_end; first_key += ${keysOf(tile)}u) {
      ${bothAtOnce(flash) ? stageBoth(flash) : ""}
      ${scores(flash)}
      ${perKey?.bias ? unroll(queries, (i) => `scores_${i} += vec4<f32>(${perKey.bias});`) : ""}
      ${mask(flash)}
      ${perKey ? `let factors = ${perKey.factors(`first_key + column * ${KEYS_PER_INVOCATION}u`)};` : ""}
      // The maximum of a row: of this thread's keys, then of all columns.
      ${unroll(queries, (i) => `partial[${rowOf(tile, i)} * ${columns}u + column] = ${largest(`scores_${i}`)};`)}
      workgroupBarrier();
      ${unroll(queries, (i) => softmax(flash, i))}
      ${values(flash)}
    }
  `;
  const finish = wgsl`
    // Add up the sums of a row's columns, and divide by them.
    ${unroll(queries, (i) => `partial[${rowOf(tile, i)} * ${columns}u + column] = total_${i};`)}
    workgroupBarrier();
    ${unroll(queries, sum)}
    ${eachOutput(flash, (i, j) => `output_${i}_${j} *= inverse_${i};`)}
  `;
  return { fresh, keys, finish };
}

function each(flash: Flash, text: Parameters<Core["each"]>[0]): string {
  const { quads, tile } = flash;
  return unroll(tile.queries, (i) => {
    const token = `first_token + first_row + ${i * tile.rows}u`;
    const lines = unroll(outputQuads(quads, tile), (j) => {
      const quad = `column + ${j * tile.columns}u`;
      const line = text({ output: `output_${i}_${j}`, kept: `kept_${i}_${j}`, token, quad });
      return (j + 1) * tile.columns > quads ? `if (${quad} < ${quads}u) { ${line} }` : line;
    });
    return wgsl`
      if (${token} < sizes.tokens) {
        ${lines}
      }
    `;
  });
}

function eachOutput({ quads, tile }: Flash, text: (i: number, j: number) => string): string {
  return unroll(tile.queries, (i) => unroll(outputQuads(quads, tile), (j) => text(i, j)));
}

/** Whether keys and values of a tile are staged together, so that memory is waited for once a tile. */
function bothAtOnce({ quads, tile }: Flash): boolean {
  return valuesBegin(quads, tile) > 0;
}

function stageBoth(flash: Flash): string {
  return wgsl`
    // Stage the tile's keys and values.
    ${askForKeys(flash, "")}
    ${askForValues(flash, "")}
    ${storeKeys(flash, "")}
    ${storeValues(flash)}
    workgroupBarrier();
  `;
}

function rowOf(tile: Tile, i: number): string {
  return `(first_row + ${i * tile.rows}u)`;
}

/** `scores_i`: of query i against this invocation's four keys. */
function scores(flash: Flash): string {
  const { quads, tile } = flash;
  const whole = tile.chunk >= quads;
  const chunks = wgsl`
    for (var chunk = 0u; chunk < sizes.quads; chunk += ${tile.chunk}u) {
      ${stageQueries(flash, "chunk")}
      ${placeKeys(flash, "chunk")}
      ${askForKeys(flash, "chunk")}
      ${storeKeys(flash, "chunk")}
      workgroupBarrier();
      ${multiplyKeys(flash, tile.chunk)}
      workgroupBarrier();
    }
  `;
  const block = wgsl`
    // Stage the keys.
    ${placeKeys(flash, "")}
    ${askForKeys(flash, "")}
    ${storeKeys(flash, "")}
    workgroupBarrier();
    ${multiplyKeys(flash, quads)}
  `;
  return wgsl`
    ${unroll(tile.queries, (i) => `var scores_${i} = vec4<f32>(0.0);`)}
    ${bothAtOnce(flash) ? multiplyKeys(flash, quads) : whole ? block : chunks}
  `;
}

/** Scores: every query against four keys, four channels at a time. */
function multiplyKeys({ tile }: Flash, quads: number): string {
  const { queries, columns, half } = tile;
  const pitch = pitchOf(tile);
  const eachScore = (text: (i: number, j: number) => string) => unroll(queries, (i) => unroll(4, (j) => text(i, j)));
  const score = (i: number, j: number) => `scores_${i}.${LANES[j]}`;
  const add = (i: number, j: number) =>
    half ? `dot_${i}_${j} = fma(q_${i}, k_${j}, dot_${i}_${j});` : `${score(i, j)} = ${product4(`q_${i}`, `k_${j}`, score(i, j))};`;
  return wgsl`
    ${half ? eachScore((i, j) => `var dot_${i}_${j} = vec4<f16>(0.0);`) : ""}
    // Scores: every query against four keys, four channels at a time.
    for (var quad = 0u; quad < ${quads}u; quad++) {
      ${unroll(4, (j) => `let k_${j} = ${taken(tile, `staged[(${j * columns}u + column) * ${pitch}u + quad]`)};`)}
      ${unroll(queries, (i) => `let q_${i} = ${taken(tile, `staged_q[${rowOf(tile, i)} * ${pitch}u + quad]`)};`)}
      ${eachScore(add)}
    }
    ${half ? `// Add their lanes in float32.\n${eachScore((i, j) => addLanes(score(i, j), `dot_${i}_${j}`))}` : ""}
  `;
}

function addLanes(sum: string, part: string): string {
  return wgsl`
    let ${part}_pair = ${part}.xy + ${part}.zw;
    ${sum} += f32(${part}_pair.x) + f32(${part}_pair.y);
  `;
}

/** sum + dot(a, b) in four fused operations; `dot` and an addition would be five. */
function product4(a: string, b: string, sum: string): string {
  return LANES.reduce((text, lane) => `fma(${a}.${lane}, ${b}.${lane}, ${text})`, sum);
}

function mask({ tile, causal }: Flash): string {
  const leaveOut = wgsl`
    let keys = vec4<u32>(first_key + column * ${KEYS_PER_INVOCATION}u) + vec4<u32>(0u, 1u, 2u, 3u);
    ${unroll(tile.queries, (i) => {
      const end = causal ? `min(key_end, first_token + first_row + ${i * tile.rows + 1}u)` : "key_end";
      return `scores_${i} = select(vec4<f32>(${LOWEST}), scores_${i}, keys < vec4<u32>(${end}));`;
    })}
  `;
  return wgsl`
    // Leave out keys past the end.
    ${causal ? leaveOut : `if (first_key + ${keysOf(tile)}u > key_end) {\n  ${leaveOut.replaceAll("\n", "\n  ")}\n}`}
  `;
}

function largest(scores: string): string {
  return `max(max(${scores}.x, ${scores}.y), max(${scores}.z, ${scores}.w))`;
}

function softmax(flash: Flash, i: number): string {
  const { quads, tile, perKey } = flash;
  const { columns } = tile;
  const weights = perKey ? `weights_${i} * factors` : `weights_${i}`;
  const maximum = range(columns)
    .map((column) => `partial[${rowOf(tile, i)} * ${columns}u + ${column}u]`)
    .reduce((text, next) => `max(${text}, ${next})`, `maximum_${i}`);
  return wgsl`
    // Weights of query ${i}; what was summed under the old maximum shrinks.
    let new_maximum_${i} = ${maximum};
    let shrink_${i} = exp2(maximum_${i} - new_maximum_${i});
    let weights_${i} = exp2(scores_${i} - new_maximum_${i});
    maximum_${i} = new_maximum_${i};
    total_${i} = total_${i} * shrink_${i} + (weights_${i}.x + weights_${i}.y + weights_${i}.z + weights_${i}.w);
    staged_weights[${rowOf(tile, i)} * ${columns}u + column] = ${tile.halfTiles ? `vec4<f16>(${weights})` : weights};
    ${shrinksWhenAdded(tile) ? "" : unroll(outputQuads(quads, tile), (j) => `output_${i}_${j} *= shrink_${i};`)}
  `;
}

/** Accumulates weights times values; begins after the scores are done with `staged`, ends with it free again. */
function values(flash: Flash): string {
  const { tile } = flash;
  if (keysOf(tile) === tile.valueKeys) {
    return wgsl`
      ${bothAtOnce(flash) ? "" : stageValues(flash, "")}
      workgroupBarrier();
      ${multiplyValues(flash, "")}
      workgroupBarrier();
    `;
  }
  return wgsl`
    for (var base = 0u; base < ${keysOf(tile)}u; base += ${tile.valueKeys}u) {
      ${stageValues(flash, "base")}
      workgroupBarrier();
      ${multiplyValues(flash, "base / 4u + ")}
      workgroupBarrier();
    }
  `;
}

function stageValues(flash: Flash, firstKey: string): string {
  return wgsl`
    // Stage the values.
    ${placeValues(flash)}
    ${askForValues(flash, firstKey)}
    ${storeValues(flash)}
  `;
}

/** What was summed under the old maximum shrinks when a tile's sums are added to it, where there is one such sum a tile. */
function shrinksWhenAdded(tile: Tile): boolean {
  return tile.half && tile.valueKeys === keysOf(tile);
}

/** Output: weights times values, four keys at a time. */
function multiplyValues(flash: Flash, base: string): string {
  const { quads, tile } = flash;
  const { queries, columns, valueKeys, half } = tile;
  const outputs = outputQuads(quads, tile);
  const pitch = outputs * columns;
  const begin = bothAtOnce(flash) ? `${valuesBegin(quads, tile)}u + ` : "";
  const sum = half ? "part" : "output";
  const type = half ? "vec4<f16>" : "vec4<f32>";
  return wgsl`
    ${half ? eachOutput(flash, (i, j) => `var part_${i}_${j} = vec4<f16>(0.0);`) : ""}
    // Output: weights times values, four keys at a time.
    for (var row = 0u; row < ${valueKeys / 4}u; row++) {
      ${unroll(queries, (i) => `let weights_${i} = ${taken(tile, `staged_weights[${rowOf(tile, i)} * ${columns}u + ${base}row]`)};`)}
      ${unroll(4, (key) =>
        unroll(
          outputs,
          (j) => wgsl`
            let v_${key}_${j} = ${taken(tile, `staged[${begin}(row * 4u + ${key}u) * ${pitch}u + ${j * columns}u + column]`)};
            ${unroll(queries, (i) => `${sum}_${i}_${j} = fma(${type}(weights_${i}.${LANES[key]}), v_${key}_${j}, ${sum}_${i}_${j});`)}
          `,
        ),
      )}
    }
    ${half ? `// Add them in float32.\n${eachOutput(flash, (i, j) => `output_${i}_${j} = ${shrinksWhenAdded(tile) ? `fma(output_${i}_${j}, vec4<f32>(shrink_${i}), vec4<f32>(part_${i}_${j}))` : `output_${i}_${j} + vec4<f32>(part_${i}_${j})`};`)}` : ""}
  `;
}
