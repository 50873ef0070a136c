// How queries, keys and values get into workgroup memory. Threads ask for all that they copy of a tile before they store
// the first of it, from places that are always there, so that no branch stands between two reads and memory is waited for
// once. What is read past the end of the tokens or of the head is masked, or never used.
import { unroll, wgsl } from "../../wgsl";
import { readEach, type CoreOptions } from "./core";
import { KEYS_PER_INVOCATION, keysOf, outputQuads, pitchOf, queriesOf, stagedQuads, valuesBegin, type Tile } from "./tile";

export type Flash = CoreOptions & { readonly tile: Tile };

/** The type of what is staged. */
export function stagedType({ halfTiles }: Tile): string {
  return halfTiles ? "vec4<f16>" : "vec4<f32>";
}

/** What is staged, as it is multiplied. */
export function taken({ halfTiles, half }: Tile, value: string): string {
  return halfTiles && !half ? `vec4<f32>(${value})` : value;
}

export function stagingMemory({ quads, tile }: Flash): string {
  const [rows, type] = [queriesOf(tile), stagedType(tile)];
  return wgsl`
    var<workgroup> staged_q: array<${type}, ${rows * pitchOf(tile)}>; // [query][quad]
    var<workgroup> staged: array<${type}, ${stagedQuads(quads, tile)}>; // keys, then values
    var<workgroup> staged_weights: array<${type}, ${(rows * keysOf(tile)) / 4}>; // [query][key / 4]
    var<workgroup> partial: array<f32, ${rows * tile.columns}>; // [query][column]
  `;
}

/** Elements of a tile in workgroup memory, `vec4`s, spread over the threads. */
interface Copy {
  /** Its variables end in this and a number. */
  readonly name: string;
  readonly total: number;
  /** Elements of a row, which is a query or a key. */
  readonly rowQuads: number;
  /** The expression of the first quad of the head that is staged. */
  readonly firstQuad: string;
  readonly place: (row: string, quad: string) => string;
}

/** Declares `row_NAME_i`, `slot_NAME_i` (its quad in the tile) and `quad_NAME_i` (of the head) of each element of a thread. */
function places({ tile }: Flash, { name, total, rowQuads, firstQuad }: Copy): string {
  return unroll(
    countOf(tile, total),
    (i) => wgsl`
      let row_${name}_${i} = (thread + ${i * threadsOf(tile)}u) / ${rowQuads}u;
      let slot_${name}_${i} = (thread + ${i * threadsOf(tile)}u) % ${rowQuads}u;
      let quad_${name}_${i} = ${firstQuad === "" ? "" : `${firstQuad} + `}slot_${name}_${i};
    `,
  );
}

/** Stores the values `read_NAME_i`. The last chunk of a head may reach past its end, and is zero there. */
function store({ quads, tile }: Flash, { name, total, firstQuad, place }: Copy): string {
  return unroll(countOf(tile, total), (i) => {
    const read = `read_${name}_${i}`;
    const inHead = firstQuad === "" ? read : `select(vec4<f32>(0.0), ${read}, quad_${name}_${i} < ${quads}u)`;
    const line = `staged${name === "q" ? "_q" : ""}[${place(`row_${name}_${i}`, `slot_${name}_${i}`)}] = ${tile.halfTiles ? `vec4<f16>(${inHead})` : inHead};`;
    return (i + 1) * threadsOf(tile) > total ? `if (thread + ${i * threadsOf(tile)}u < ${total}u) { ${line} }` : line;
  });
}

function threadsOf({ columns, rows }: Tile): number {
  return columns * rows;
}

function countOf(tile: Tile, total: number): number {
  return Math.ceil(total / threadsOf(tile));
}

function inHead({ quads }: Flash, quad: string, firstQuad: string): string {
  return firstQuad === "" ? quad : `min(${quad}, ${quads - 1}u)`;
}

/**
 * Queries past the end are the last token's again: what becomes of them is not stored. They are scaled on the way, so that
 * scores need not be, and stay in float16's range.
 * @param firstQuad the variable of the first quad that is staged; empty where the whole head is
 */
export function stageQueries(flash: Flash, firstQuad: string): string {
  const { tile } = flash;
  const copy: Copy = {
    name: "q",
    total: queriesOf(tile) * tile.chunk,
    rowQuads: tile.chunk,
    firstQuad,
    place: (row, quad) => `${row} * ${pitchOf(tile)}u + ${quad}`,
  };
  const read = (i: number) =>
    `quad_q(batch * sizes.tokens + min(first_token + row_q_${i}, sizes.tokens - 1u), head, ${inHead(flash, `quad_q_${i}`, firstQuad)})`;
  return wgsl`
    {
      // Stage the queries.
      ${places(flash, copy)}
      ${unroll(countOf(tile, copy.total), (i) => `let read_q_${i} = ${read(i)} * sizes.scale;`)}
      ${store(flash, copy)}
    }
  `;
}

/** Declares where a thread's keys of a tile are from and go to, which is the same for every tile. */
export function placeKeys(flash: Flash, firstQuad: string): string {
  const { columns } = flash.tile;
  const copy = keyCopy(flash, firstQuad);
  const key = (row: string) => `${row} % ${columns}u * ${KEYS_PER_INVOCATION}u + ${row} / ${columns}u`;
  return wgsl`
    ${places(flash, copy)}
    ${unroll(countOf(flash.tile, copy.total), (i) => `let key_k_${i} = ${key(`row_k_${i}`)};`)}
  `;
}

/**
 * Staged row `j * columns + column` is key `column * 4 + j`: a column's keys are neighbours, its rows are in different
 * banks. Keys past the end are the last one again: their scores are masked. After `placeKeys`.
 */
export function askForKeys(flash: Flash, firstQuad: string): string {
  return readEach(
    flash.sources,
    countOf(flash.tile, keyCopy(flash, firstQuad).total),
    (i) => `read_k_${i}`,
    (from, i) => from.key(`min(first_key + key_k_${i}, key_end - 1u)`, inHead(flash, `quad_k_${i}`, firstQuad)),
  );
}

export function storeKeys(flash: Flash, firstQuad: string): string {
  return store(flash, keyCopy(flash, firstQuad));
}

function keyCopy({ tile }: Flash, firstQuad: string): Copy {
  const place = (row: string, quad: string) => `${row} * ${pitchOf(tile)}u + ${quad}`;
  return { name: "k", total: keysOf(tile) * tile.chunk, rowQuads: tile.chunk, firstQuad, place };
}

/** The same for values. */
export function placeValues(flash: Flash): string {
  return places(flash, valueCopy(flash));
}

/**
 * Keys past the end are the last one again: they have no weight. After `placeValues`.
 * @param firstKey the variable of the first key of the tile that is staged; empty where all are
 */
export function askForValues(flash: Flash, firstKey: string): string {
  const begin = firstKey === "" ? "first_key" : `first_key + ${firstKey}`;
  return readEach(
    flash.sources,
    countOf(flash.tile, valueCopy(flash).total),
    (i) => `read_v_${i}`,
    (from, i) => from.value(`min(${begin} + row_v_${i}, key_end - 1u)`, `quad_v_${i}`),
  );
}

export function storeValues(flash: Flash): string {
  return store(flash, valueCopy(flash));
}

function valueCopy({ quads, tile }: Flash): Copy {
  const [pitch, begin] = [outputQuads(quads, tile) * tile.columns, valuesBegin(quads, tile)];
  return {
    name: "v",
    total: tile.valueKeys * quads,
    rowQuads: quads,
    firstQuad: "",
    place: (row, quad) => `${begin > 0 ? `${begin}u + ` : ""}${row} * ${pitch}u + ${quad}`,
  };
}
