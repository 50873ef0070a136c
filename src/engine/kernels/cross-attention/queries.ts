// Queries that cross-attention projects itself: a workgroup owns some tokens of one head, and their queries are the rows of
// those tokens times the head's columns of the weight. Nothing is computed twice, and the queries are in no memory but the
// workgroup's. The product is that of ../gemm; its slices lie where the queries will be once they are summed.
import { invariant } from "../../../common/errors";
import type { Binding, BufferSource, KernelTarget, Lowering } from "../../kernel";
import type { CrossAttention, Linear } from "../../ops";
import { byteLengthOf, channelsOf, quadsOf, rowsOf } from "../../tensor";
import { unroll, wgsl } from "../../wgsl";
import { attentionTile } from "../attention/choose-core";
import type { QueryProjection } from "../attention/core";
import { pitchOf, queriesOf, tileBytes, type Tile as AttentionTile } from "../attention/tile";
import { quadOf, rowOf, sumsDeclarations, sumsWgsl, type SumsText } from "../gemm/sums";
import type { Tile } from "../gemm/tile";
import { weightLoad } from "../gemm/weight-load";
import { normalisedRows, ROW_FACTOR_BYTES, rowNorm } from "../linear/normalised-rows";
import { oneSource } from "../linear/rows";

/** What takes the place of the queries in the kernel. */
export interface ProjectedQueries {
  readonly bindings: readonly Binding[];
  readonly buffers: Readonly<Record<string, BufferSource>>;
  readonly sizes: Readonly<Record<string, number>>;
  readonly scalars: Readonly<Record<string, number>>;
  readonly text: QueryProjection;
}

const DEPTH = 16;

/** Bindings besides the queries', where keys and values are together: two texts, steering, the result. */
const OTHER_BINDINGS = 4;

/** Whether `linear` is no more than a product, and whole heads of it fit the tile. @param normWeights of a norm that it applies; undefined without one */
export function canProject(op: CrossAttention, linear: Linear, normWeights: number | undefined, target: KernelTarget): boolean {
  const { headSize, heads, qLayout, inputs } = op;
  const { x, second, residual } = linear.inputs;
  const plain = linear.activation === "none" && !linear.gated && !second && !residual && !linear.weights.bias;
  const packed = qLayout.offset === 0 && qLayout.headStride === headSize && channelsOf(inputs.q) === heads * headSize && headSize % 4 === 0;
  const norm = normWeights === undefined ? 0 : 1 + normWeights;
  const bindings = 1 + norm + weightLoad(linear.weights.weight).bindings.length + OTHER_BINDINGS;
  const isBound = bindings <= target.storageBuffers && byteLengthOf(x, target.format) <= target.bindingBytes;
  return plain && packed && isBound && fitsWorkgroup(headSize / 4, normWeights !== undefined, target);
}

/** A norm takes memory besides the attention's own tiles, which may leave none. */
function fitsWorkgroup(quads: number, isNormed: boolean, target: KernelTarget): boolean {
  const attention = attentionTile(quads, target);
  const factorBytes = isNormed ? queriesOf(attention) * ROW_FACTOR_BYTES : 0;
  return tileBytes(quads, attention) + factorBytes <= target.workgroupBytes && projectionTile(quads, attention) !== undefined;
}

export function queryProjection(op: CrossAttention, linear: Linear, lowering: Lowering): ProjectedQueries {
  const normed = lowering.norms.get(linear.inputs.x.id);
  const norm = normed && rowNorm(normed, lowering);
  const x = normed?.inputs.x ?? linear.inputs.x;
  const weight = weightLoad(linear.weights.weight);
  const quads = op.headSize / 4;
  const textOf = (attention: AttentionTile): SumsText => {
    const tile = projectionTile(quads, attention);
    invariant(tile !== undefined, "queries are only projected where a tile of them is one of a product");
    const rows = oneSource(DEPTH).tiled;
    const behind = queriesOf(attention) * (DEPTH / 4);
    return {
      tile,
      source: normed ? normalisedRows(rows, normed, tile) : rows,
      weight,
      gated: false,
      split: false,
      halfTiles: attention.halfTiles,
      half: attention.half,
      memory: { a: (index) => `staged_q[${index}]`, w: (index) => `staged_q[${behind}u + ${index}]` },
    };
  };
  return {
    bindings: [{ name: "x", access: "read", element: x.element, lanes: 4 }, ...(norm?.bindings ?? []), ...weight.bindings],
    buffers: { x: { tensor: x }, ...norm?.buffers, ...weight.buffers },
    sizes: {
      rows: rowsOf(x),
      weight_quads: quadsOf(op.inputs.q),
      slices: Math.ceil(quadsOf(x) / (DEPTH / 4)),
      x_quads: quadsOf(x),
      ...norm?.sizes,
    },
    scalars: norm?.scalars ?? {},
    text: {
      declarations: (attention) =>
        sumsDeclarations(textOf(attention))
          .filter((each) => each !== "")
          .join("\n\n"),
      stage: (attention) => stageWgsl(textOf(attention), quads, attention),
    },
  };
}

function stageWgsl(text: SumsText, quads: number, attention: AttentionTile): string {
  const { threadRows, threadColumns } = text.tile;
  const store = (i: number, j: number) => {
    const value = `sum_${i}_${j} * sizes.scale`;
    return `staged_q[(${rowOf(text, i)}) * ${pitchOf(attention)}u + ${quadOf(text, j)}] = ${text.halfTiles ? `vec4<f16>(${value})` : value};`;
  };
  return wgsl`
    {
      // Project the queries.
      ${sumsWgsl(text, { row: "batch * sizes.tokens + first_token", quad: `head * ${quads}u` })}
      // Stage them.
      ${unroll(threadRows, (i) => unroll(threadColumns / 4, (j) => store(i, j)))}
    }
  `;
}

/** Values that a thread sums at most. */
const MOST_SUMS = 64;

/** A tile of queries as one of a product, by the same threads; none where they do not come out even, or heads are staged in chunks. */
function projectionTile(quads: number, attention: AttentionTile): Tile | undefined {
  const [rows, columns, threads] = [queriesOf(attention), 4 * quads, attention.columns * attention.rows];
  // Each thread copies as much of a slice, and whole rows of W at a time.
  const copiesEvenly = (rows * DEPTH) % (4 * threads) === 0 && (DEPTH * quads) % threads === 0 && threads % quads === 0;
  const fits = (rows + columns) * (DEPTH / 4) <= rows * pitchOf(attention);
  if (attention.chunk < quads || !copiesEvenly || !fits) return undefined;
  return [8, 4]
    .map((threadColumns) => ({ rows, columns, depth: DEPTH, threadRows: (rows * columns) / threads / threadColumns, threadColumns }))
    .find(({ threadRows, threadColumns }) => {
      const isEven = Number.isInteger(threadRows) && columns % threadColumns === 0 && rows % threadRows === 0;
      return isEven && threadRows * threadColumns <= MOST_SUMS;
    });
}
