// Dispatches of one band of a matrix product: the product itself, or, for a split
// reduction, partial sums followed by the pass that adds them up in a fixed order.
import { linearWorkgroups, type Binding, type BufferSource, type Dispatch, type KernelTarget, type Lowering } from "../../kernel";
import type { Weight } from "../../ops";
import { quadsOf, type Tensor } from "../../tensor";
import { linearEntryPoint, wgsl } from "../../wgsl";
import { type Epilogue, epilogueBindings, epilogueBuffers, epilogueSizes, epilogueWgsl } from "./epilogue";
import { directWgsl } from "./direct";
import type { GemmPlan } from "./plan";
import type { RowBand } from "./row-bands";
import type { RowSource } from "./source";
import { tiledWgsl } from "./tiled";
import { weightLoad } from "./weight-load";

export interface GemmDispatch {
  readonly name: string;
  readonly plan: GemmPlan;
  readonly source: RowSource;
  /** What the row source reads. */
  readonly inputs: readonly { readonly name: string; readonly tensor: Tensor; readonly buffer: BufferSource }[];
  readonly weight: Weight;
  readonly weightQuads: number;
  readonly epilogue: Epilogue;
  /** The source's sizes. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly slices: number;
  readonly band: RowBand;
  /** Result rows of a batch item, for the channel bias. */
  readonly batchRows: number;
}

const SUM_THREADS = 64;

export function gemmDispatches(gemm: GemmDispatch, lowering: Lowering): readonly Dispatch[] {
  const { plan, epilogue, weightQuads, band } = gemm;
  const rows = band.rows.end - band.rows.begin;
  const split = plan.splits > 1;
  const slicesPerPart = Math.ceil(gemm.slices / plan.splits);
  const parts = Math.ceil(gemm.slices / slicesPerPart);
  const weight = weightLoad(gemm.weight);
  const inputs = gemm.inputs.map(({ name, tensor }): Binding => ({ name, access: "read", element: tensor.element, lanes: 4 }));
  const finishSizes = {
    output_quads: epilogue.gated ? weightQuads / 2 : weightQuads,
    ...(epilogue.channelBias ? { batch_rows: gemm.batchRows } : {}),
    ...epilogueSizes(epilogue),
  };
  const product = {
    name: gemm.name,
    sizes: {
      rows,
      weight_quads: weightQuads,
      slices: gemm.slices,
      ...gemm.sizes,
      ...(split ? { slices_per_part: slicesPerPart } : finishSizes),
    },
    workgroups: [Math.ceil((weightQuads * 4) / plan.tile.columns), Math.ceil(rows / plan.tile.rows), parts] as const,
    code: productWgsl(gemm, lowering.target),
  };
  const buffers = {
    ...Object.fromEntries(gemm.inputs.map(({ name, buffer }) => [name, buffer])),
    ...weight.buffers,
  };
  if (!split) {
    return [
      {
        kernel: { ...product, bindings: [...inputs, ...weight.bindings, ...epilogueBindings(epilogue)] },
        buffers: { ...buffers, ...epilogueBuffers(epilogue, (tensor) => band.windowOf(tensor)) },
      },
    ];
  }
  const partials = lowering.scratch([parts, rows, weightQuads * 4], "f32");
  const rowOffset = epilogue.channelBias ? { row_offset: band.rows.begin } : {};
  return [
    {
      kernel: { ...product, bindings: [...inputs, ...weight.bindings, { name: "partial", access: "write", element: "f32", lanes: 4 }] },
      buffers: { ...buffers, partial: { tensor: partials } },
    },
    {
      kernel: {
        name: `${gemm.name}-sum`,
        bindings: [{ name: "partial", access: "read", element: "f32", lanes: 4 }, ...epilogueBindings(epilogue)],
        sizes: { parts, quads: rows * weightQuads, ...finishSizes, ...rowOffset },
        workgroups: linearWorkgroups(Math.ceil((rows * weightQuads) / SUM_THREADS)),
        code: sumWgsl(epilogue),
      },
      buffers: { partial: { tensor: partials }, ...epilogueBuffers(epilogue, (tensor) => band.windowOf(tensor)) },
    },
  ];
}

function productWgsl({ plan, source, epilogue, inputs, ...gemm }: GemmDispatch, target: KernelTarget): string {
  const { tile } = plan;
  const weight = weightLoad(gemm.weight);
  const { gated } = epilogue;
  if (plan.direct) return directWgsl({ tile, source: source.direct, weight, gated, epilogue: epilogueWgsl(epilogue) });
  const split = plan.splits > 1;
  const half =
    target.traits.multipliesInFloat16 && target.format === "f16" && inputs.every(({ tensor }) => tensor.element === "activation");
  return tiledWgsl({ tile, source: source.tiled, weight, gated, epilogue: split ? "" : epilogueWgsl(epilogue), split, half });
}

function sumWgsl(epilogue: Epilogue): string {
  return wgsl`
    ${epilogueWgsl(epilogue)}

    ${linearEntryPoint(
      SUM_THREADS,
      wgsl`
        let index = flat_group * ${SUM_THREADS}u + thread;
        if (index >= sizes.quads) { return; }
        // Add the parts in their order, always the same.
        var sum = vec4<f32>(0.0);
        for (var part = 0u; part < sizes.parts; part++) { sum += load_partial(part * sizes.quads + index); }
        finish(index / sizes.output_quads, index % sizes.output_quads, sum);
      `,
    )}
  `;
}

/** Output columns of a weight, in quads. */
export function weightQuadsOf(output: Tensor, gated: boolean): number {
  const quads = quadsOf(output);
  return gated ? 2 * quads : quads;
}
