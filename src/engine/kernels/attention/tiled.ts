// The core of attention for GPUs: GEMM-like tiles in workgroup memory, an online softmax between.
//
// One workgroup owns a tile of queries of one head. Per tile of keys each invocation forms a
// block of scores (its queries x 4 keys) from staged q and k, the invocations of a row agree
// on the row's maximum, write exp2(score - maximum) to workgroup memory, and accumulate their
// share of the channels from staged v. The row's sum stays spread over its invocations until
// the end. An invocation's queries are `rows` apart, so that neighbours read neighbouring rows
// (other banks). State is f32; scores carry a factor log2(e), so that exp is exp2.
import { range, unroll, wgsl } from "../../wgsl";
import { LOWEST, type Core, type CoreOptions } from "./core";
import { KEYS_PER_INVOCATION, keysOf, outputQuads, pitchOf, queriesOf, stagedQuads, type Tile } from "./tile";

type Flash = CoreOptions & { readonly tile: Tile };

const LANES = ["x", "y", "z", "w"];

export function tiledCore(options: CoreOptions, tile: Tile): Core {
  const flash = { ...options, tile };
  return {
    threads: tile.columns * tile.rows,
    queries: queriesOf(tile),
    declarations: memory(flash),
    begin: begin(flash),
    branch: branch(flash),
    each: (text) => each(flash, text),
  };
}

function memory({ quads, tile }: Flash): string {
  const rows = queriesOf(tile);
  return wgsl`
    var<workgroup> staged_q: array<vec4<f32>, ${rows * pitchOf(tile)}>; // [query][quad]
    var<workgroup> staged: array<vec4<f32>, ${stagedQuads(quads, tile)}>; // keys, then values
    var<workgroup> staged_weights: array<vec4<f32>, ${(rows * keysOf(tile)) / 4}>; // [query][key / 4]
    var<workgroup> partial: array<f32, ${rows * tile.columns}>; // [query][column]
  `;
}

function begin(flash: Flash): string {
  const { quads, tile, second } = flash;
  const registers = (i: number, j: number) =>
    (second ? ["output", "kept"] : ["output"]).map((name) => `var ${name}_${i}_${j} = vec4<f32>(0.0);`).join("\n");
  return wgsl`
    // This thread's place: a column of keys and channels, a row of queries.
    let column = thread % ${tile.columns}u;
    let first_row = thread / ${tile.columns}u;
    let first_token = group.x * ${queriesOf(tile)}u;
    ${eachOutput(flash, registers)}
    ${tile.chunk >= quads ? stageQueries(flash, "") : ""}
  `;
}

function branch(flash: Flash): string {
  const { tile } = flash;
  const { queries, columns } = tile;
  const sum = (i: number) => {
    const parts = range(columns).map((column) => `partial[${rowOf(tile, i)} * ${columns}u + ${column}u]`);
    return wgsl`
      let sum_${i} = ${parts.join(" + ")};
      let inverse_${i} = select(0.0, 1.0 / sum_${i}, sum_${i} > 0.0);
    `;
  };
  return wgsl`
    // A fresh softmax.
    ${unroll(queries, (i) => `var maximum_${i} = ${LOWEST};\nvar total_${i} = 0.0;`)}
    ${eachOutput(flash, (i, j) => `output_${i}_${j} = vec4<f32>(0.0);`)}

    for (var first_key = 0u; first_key < key_end; first_key += ${keysOf(tile)}u) {
      ${scores(flash)}
      ${mask(flash)}
      // The maximum of a row: of this thread's keys, then of all columns.
      ${unroll(queries, (i) => `partial[${rowOf(tile, i)} * ${columns}u + column] = ${largest(`scores_${i}`)};`)}
      workgroupBarrier();
      ${unroll(queries, (i) => softmax(flash, i))}
      ${values(flash)}
    }

    // Add up the sums of a row's columns, and divide by them.
    ${unroll(queries, (i) => `partial[${rowOf(tile, i)} * ${columns}u + column] = total_${i};`)}
    workgroupBarrier();
    ${unroll(queries, sum)}
    ${eachOutput(flash, (i, j) => `output_${i}_${j} *= inverse_${i};`)}
  `;
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

function rowOf(tile: Tile, i: number): string {
  return `(first_row + ${i * tile.rows}u)`;
}

/** One `vec4` of a tile in workgroup memory: where it comes from, and where it goes. */
interface Slot {
  /** Declares what the others need, from `slot`, its number. */
  readonly place: (i: number, slot: string) => string;
  /** Reads a place that is always there. */
  readonly read: (i: number) => string;
  readonly store: (i: number, value: string) => string;
}

/**
 * Copies `total` slots, spread over the threads. Each thread asks for all of its slots before it stores
 * the first, so that it waits for memory once and not slot by slot.
 */
function stage({ tile }: Flash, total: number, { place, read, store }: Slot): string {
  const threads = tile.columns * tile.rows;
  const count = Math.ceil(total / threads);
  const slot = (i: number) => `(thread + ${i * threads}u)`;
  const guarded = (i: number, text: string) => ((i + 1) * threads > total ? `if (${slot(i)} < ${total}u) { ${text} }` : text);
  return wgsl`
    {
      ${unroll(count, (i) => `${place(i, slot(i))}\nlet read_${i} = ${read(i)};`)}
      ${unroll(count, (i) => guarded(i, store(i, `read_${i}`)))}
    }
  `;
}

/** Queries past the end are the last token's again: what becomes of them is not stored. */
function stageQueries(flash: Flash, chunk: string): string {
  const { quads, tile } = flash;
  return wgsl`
    // Stage the queries.
    ${stage(flash, queriesOf(tile) * tile.chunk, {
      place: (i, slot) => placeInChunk(flash, i, slot, chunk),
      read: (i) =>
        `quad_q(batch * sizes.tokens + min(first_token + row_${i}, sizes.tokens - 1u), head, ${clamped(`quad_${i}`, quads, chunk)})`,
      store: (i, value) => `staged_q[row_${i} * ${pitchOf(tile)}u + ${slotQuad(i, chunk)}] = ${inHead(`quad_${i}`, quads, chunk, value)};`,
    })}
  `;
}

/**
 * Staged row `j * columns + column` is key `column * 4 + j`: a column's keys are neighbours, its rows are in different
 * banks. Keys past the end are the last one again: their scores are masked.
 */
function stageKeys(flash: Flash, chunk: string): string {
  const { quads, tile, readKey } = flash;
  const key = (i: number) => `first_key + (row_${i} % ${tile.columns}u) * ${KEYS_PER_INVOCATION}u + row_${i} / ${tile.columns}u`;
  return wgsl`
    // Stage the keys.
    ${stage(flash, keysOf(tile) * tile.chunk, {
      place: (i, slot) => placeInChunk(flash, i, slot, chunk),
      read: (i) => readKey(`min(${key(i)}, key_end - 1u)`, clamped(`quad_${i}`, quads, chunk)),
      store: (i, value) => `staged[row_${i} * ${pitchOf(tile)}u + ${slotQuad(i, chunk)}] = ${inHead(`quad_${i}`, quads, chunk, value)};`,
    })}
  `;
}

/** @param chunk the variable of the first quad that is staged; empty where the whole head is */
function placeInChunk({ tile }: Flash, i: number, slot: string, chunk: string): string {
  return wgsl`
    let row_${i} = ${slot} / ${tile.chunk}u;
    let ${chunk === "" ? "quad" : "chunk_quad"}_${i} = ${slot} % ${tile.chunk}u;
    ${chunk === "" ? "" : `let quad_${i} = ${chunk} + chunk_quad_${i};`}
  `;
}

function slotQuad(i: number, chunk: string): string {
  return chunk === "" ? `quad_${i}` : `chunk_quad_${i}`;
}

/** The last chunk of a head may reach past its end. */
function clamped(quad: string, quads: number, chunk: string): string {
  return chunk === "" ? quad : `min(${quad}, ${quads - 1}u)`;
}

function inHead(quad: string, quads: number, chunk: string, value: string): string {
  return chunk === "" ? value : `select(vec4<f32>(0.0), ${value}, ${quad} < ${quads}u)`;
}

/** `scores_i`: of query i against this invocation's four keys. */
function scores(flash: Flash): string {
  const { quads, tile } = flash;
  const { queries, columns } = tile;
  const pitch = pitchOf(tile);
  const whole = tile.chunk >= quads;
  const lane = (i: number, j: number) => `scores_${i}.${LANES[j]}`;
  const block = wgsl`
    ${stageKeys(flash, whole ? "" : "chunk")}
    workgroupBarrier();
    // Scores: every query against four keys, four channels at a time.
    for (var quad = 0u; quad < ${whole ? "sizes.quads" : `${tile.chunk}u`}; quad++) {
      ${unroll(4, (j) => `let k_${j} = staged[(${j * columns}u + column) * ${pitch}u + quad];`)}
      ${unroll(queries, (i) => `let q_${i} = staged_q[${rowOf(tile, i)} * ${pitch}u + quad];`)}
      ${unroll(queries, (i) => unroll(4, (j) => `${lane(i, j)} = ${product4(`q_${i}`, `k_${j}`, lane(i, j))};`))}
    }
  `;
  const chunks = wgsl`
    for (var chunk = 0u; chunk < sizes.quads; chunk += ${tile.chunk}u) {
      ${stageQueries(flash, "chunk")}
      ${block}
      workgroupBarrier();
    }
  `;
  return wgsl`
    ${unroll(queries, (i) => `var scores_${i} = vec4<f32>(0.0);`)}
    ${whole ? block : chunks}
  `;
}

/** sum + dot(a, b) in four fused operations; `dot` and an addition would be five. */
function product4(a: string, b: string, sum: string): string {
  return LANES.reduce((text, lane) => `fma(${a}.${lane}, ${b}.${lane}, ${text})`, sum);
}

function mask({ tile, causal }: Flash): string {
  return wgsl`
    // Scale, and leave out keys past the end.
    let keys = vec4<u32>(first_key + column * ${KEYS_PER_INVOCATION}u) + vec4<u32>(0u, 1u, 2u, 3u);
    ${unroll(tile.queries, (i) => {
      const end = causal ? `min(key_end, first_token + first_row + ${i * tile.rows + 1}u)` : "key_end";
      return `scores_${i} = select(vec4<f32>(${LOWEST}), scores_${i} * sizes.scale, keys < vec4<u32>(${end}));`;
    })}
  `;
}

function largest(scores: string): string {
  return `max(max(${scores}.x, ${scores}.y), max(${scores}.z, ${scores}.w))`;
}

function softmax(flash: Flash, i: number): string {
  const { quads, tile } = flash;
  const { columns } = tile;
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
    staged_weights[${rowOf(tile, i)} * ${columns}u + column] = weights_${i};
    ${unroll(outputQuads(quads, tile), (j) => `output_${i}_${j} *= shrink_${i};`)}
  `;
}

/** Accumulates weights times values; begins after the scores are done with `staged`, ends with it free again. */
function values(flash: Flash): string {
  const { tile, quads, readValue } = flash;
  const { queries, columns, valueKeys } = tile;
  const outputs = outputQuads(quads, tile);
  const pitch = outputs * columns;
  const whole = keysOf(tile) === valueKeys;
  const base = whole ? "" : "base + ";
  const block = wgsl`
    // Stage the values. Keys past the end are the last one again: they have no weight.
    ${stage(flash, valueKeys * quads, {
      place: (i, slot) => `let row_${i} = ${slot} / ${quads}u;\nlet quad_${i} = ${slot} % ${quads}u;`,
      read: (i) => readValue(`min(first_key + ${base}row_${i}, key_end - 1u)`, `quad_${i}`),
      store: (i, value) => `staged[row_${i} * ${pitch}u + quad_${i}] = ${value};`,
    })}
    workgroupBarrier();
    // Output: weights times values, four keys at a time.
    for (var row = 0u; row < ${valueKeys / 4}u; row++) {
      ${unroll(queries, (i) => `let weights_${i} = staged_weights[${rowOf(tile, i)} * ${columns}u + ${whole ? "" : "base / 4u + "}row];`)}
      ${unroll(4, (key) =>
        unroll(
          outputs,
          (j) => wgsl`
            let v_${key}_${j} = staged[(row * 4u + ${key}u) * ${pitch}u + ${j * columns}u + column];
            ${unroll(queries, (i) => `output_${i}_${j} = fma(vec4<f32>(weights_${i}.${LANES[key]}), v_${key}_${j}, output_${i}_${j});`)}
          `,
        ),
      )}
    }
    workgroupBarrier();
  `;
  if (whole) return block;
  return wgsl`
    for (var base = 0u; base < ${keysOf(tile)}u; base += ${valueKeys}u) {
      ${block}
    }
  `;
}
