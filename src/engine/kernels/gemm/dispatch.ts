// Dispatches of one band of a matrix product: the product itself, or, for a split
// reduction, partial sums, which the next dispatch adds up (parts.ts).
import { invariant } from "../../../common/errors";
import type { Binding, BufferSource, Dispatch, KernelTarget, Lowering, RowMoments } from "../../kernel";
import type { Weight } from "../../weight-layout";
import { quadsOf, rowsOf, strideOf, type Tensor } from "../../tensor";
import { type Epilogue, epilogueBindings, epilogueBuffers, epilogueSizes, epilogueWgsl } from "./epilogue";
import { directWgsl } from "./direct";
import { partsOf, sumDispatch } from "./parts";
import type { GemmPlan } from "./plan";
import type { RowBand } from "./row-bands";
import { finishWithMoments } from "./row-moments";
import type { RowSource } from "./source";
import { tiledWgsl } from "./tiled";
import { float16Load, weightLoad, type WeightLoad } from "./weight-load";

export interface GemmDispatch {
  readonly name: string;
  readonly plan: GemmPlan;
  readonly source: RowSource;
  /** What the row source reads. */
  readonly inputs: readonly { readonly name: string; readonly tensor: Tensor; readonly buffer: BufferSource }[];
  /** Another product that is added to its sums. */
  readonly further?: Further | undefined;
  /** What it reads besides, to normalise the rows. */
  readonly norm?: RowNorm | undefined;
  /** Where it leaves the moments of the result's rows. */
  readonly moments?: RowMoments | undefined;
  readonly weight: Weight;
  readonly weightQuads: number;
  readonly epilogue: Epilogue;
  /** The source's sizes. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly slices: number;
  /** Rows of A of each of the products that are interleaved; default the band's. */
  readonly rows?: number;
  readonly band: RowBand;
  /** Result rows of a batch item, for the channel bias. */
  readonly batchRows: number;
}

/** A product of other rows with another weight, in float16, that ends up in the same sums. */
export interface Further {
  readonly source: RowSource;
  readonly inputs: GemmDispatch["inputs"];
  readonly weight: Weight;
  /** The source's sizes. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly slices: number;
}

/** What a row source reads to normalise the rows on their way in. */
export interface RowNorm {
  readonly bindings: readonly Binding[];
  readonly buffers: Readonly<Record<string, BufferSource>>;
  readonly sizes: Readonly<Record<string, number>>;
  readonly scalars: Readonly<Record<string, number>>;
}

/** Of the eight that every adapter has, a norm of two tensors needs five for itself. */
const MOST_BINDINGS_LEFT = 3;

export function gemmDispatches(gemm: GemmDispatch, lowering: Lowering): readonly Dispatch[] {
  const { plan, epilogue, weightQuads, band, further, norm, moments } = gemm;
  const rows = band.rows.end - band.rows.begin;
  const { interleaved } = gemm.source;
  const rowsOfA = gemm.rows ?? rows;
  const split = plan.splits > 1;
  const slices = gemm.slices + (further?.slices ?? 0);
  const slicesPerPart = Math.ceil(slices / plan.splits);
  const parts = Math.ceil(slices / slicesPerPart);
  const weights = [weightLoad(gemm.weight), ...(further ? [furtherLoad(further)] : [])];
  const read = [...gemm.inputs, ...(further?.inputs ?? [])];
  const inputs = [
    ...read.map(({ name, tensor }): Binding => ({ name, access: "read", element: tensor.element, lanes: 4 })),
    ...(norm?.bindings ?? []),
    ...weights.flatMap(({ bindings }) => bindings),
  ];
  const finishSizes = {
    output_quads: epilogue.gated ? weightQuads / 2 : weightQuads,
    ...(epilogue.channelBias ? { batch_rows: gemm.batchRows } : {}),
    ...epilogueSizes(epilogue),
  };
  const product = {
    name: gemm.name,
    sizes: {
      rows: rowsOfA,
      ...(interleaved ? { result_rows: rows } : {}),
      weight_quads: weightQuads,
      slices,
      ...gemm.sizes,
      ...(further ? { further_begin: gemm.slices, ...further.sizes } : {}),
      ...norm?.sizes,
      ...(moments ? { moments_stride: strideOf(moments.tensor) / 2 } : {}),
      ...(split ? { slices_per_part: slicesPerPart } : finishSizes),
    },
    ...(norm ? { scalars: norm.scalars } : {}),
    workgroups: [
      Math.ceil((weightQuads * 4) / plan.tile.columns),
      Math.ceil(rowsOfA / plan.tile.rows) * (interleaved?.products ?? 1),
      parts,
    ] as const,
    code: productWgsl(gemm, lowering.target),
    holdsResults: true,
  };
  const buffers = {
    ...Object.fromEntries(read.map(({ name, buffer }) => [name, buffer])),
    ...norm?.buffers,
    ...Object.assign({}, ...weights.map((weight) => weight.buffers)),
  };
  if (!split) {
    const beside: readonly Binding[] = moments ? [{ name: "moments", access: "write", element: "f32", lanes: 2 }] : [];
    return [
      {
        product: plan,
        kernel: { ...product, bindings: [...inputs, ...epilogueBindings(epilogue), ...beside] },
        buffers: {
          ...buffers,
          ...epilogueBuffers(epilogue, (tensor) => band.windowOf(tensor)),
          ...(moments ? { moments: { tensor: moments.tensor } } : {}),
        },
      },
    ];
  }
  const partials = lowering.scratch([parts, rows, weightQuads * 4], "f32");
  const rowOffset = epilogue.channelBias ? { row_offset: band.rows.begin } : {};
  const sizes = { ...finishSizes, ...rowOffset };
  const splitProduct = { name: gemm.name, epilogue, partials, parts, rows, weightQuads, band, sizes };
  const partial: Dispatch = {
    product: plan,
    kernel: { ...product, bindings: [...inputs, { name: "partial", access: "write", element: "f32", lanes: 4 }] },
    buffers: { ...buffers, partial: { tensor: partials } },
  };
  const left = partsOf(splitProduct);
  if (lowering.leavesParts && rows === rowsOf(epilogue.output) && left.bindings.length <= MOST_BINDINGS_LEFT) {
    lowering.parts.set(epilogue.output.id, left);
    return [partial];
  }
  return [partial, sumDispatch(splitProduct)];
}

function furtherLoad({ weight }: Further): WeightLoad {
  return float16Load(weight, "further_weight");
}

function productWgsl({ plan, source, epilogue, inputs, further, moments, ...gemm }: GemmDispatch, target: KernelTarget): string {
  const { tile } = plan;
  const weight = weightLoad(gemm.weight);
  const { gated } = epilogue;
  const { interleaved } = source;
  if (plan.direct) {
    invariant(source.direct !== undefined, "what has a tiled source alone is not planned without workgroup memory");
    return directWgsl({ tile, source: source.direct, weight, gated, epilogue: epilogueWgsl(epilogue) });
  }
  const split = plan.splits > 1;
  const areActivations = [...inputs, ...(further?.inputs ?? [])].every(({ tensor }) => tensor.element === "activation");
  const { multipliesInFloat16, tilesInFloat16 } = target.traits;
  const halfTiles = tilesInFloat16 && target.format === "f16" && areActivations;
  const leavesMoments = moments !== undefined;
  const finish = leavesMoments ? finishWithMoments(epilogue, tile) : epilogueWgsl(epilogue);
  const added = further && { source: further.source.tiled, weight: furtherLoad(further) };
  return tiledWgsl({
    tile,
    source: source.tiled,
    weight,
    further: added,
    gated,
    epilogue: split ? "" : finish,
    split,
    leavesMoments,
    interleaved,
    halfTiles,
    half: halfTiles && multipliesInFloat16,
  });
}

/** Output columns of a weight, in quads. */
export function weightQuadsOf(output: Tensor, gated: boolean): number {
  const quads = quadsOf(output);
  return gated ? 2 * quads : quads;
}
