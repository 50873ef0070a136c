// What becomes of the parts of a split product. A pass of its own adds them up and finishes the result; or the norm that
// reads the result first does so, if it can, and stores it on the way. Parts are added in their order, always the same.
import { linearWorkgroups, type Binding, type Dispatch, type Parts } from "../../kernel";
import type { Tensor } from "../../tensor";
import { linearEntryPoint, wgsl } from "../../wgsl";
import { epilogueBindings, epilogueBuffers, epilogueInputs, epilogueWgsl, finishedWgsl, type Epilogue } from "./epilogue";
import type { RowBand } from "./row-bands";

export interface SplitProduct {
  readonly name: string;
  readonly epilogue: Epilogue;
  /** f32 `[parts, rows, columns]`. */
  readonly partials: Tensor;
  readonly parts: number;
  readonly rows: number;
  readonly weightQuads: number;
  readonly band: RowBand;
  /** Sizes that the epilogue reads. */
  readonly sizes: Readonly<Record<string, number>>;
}

const SUM_THREADS = 64;

const partialSums = (name: string): Binding => ({ name, access: "read", element: "f32", lanes: 4 });

export function sumDispatch({ name, epilogue, partials, parts, rows, weightQuads, band, sizes }: SplitProduct): Dispatch {
  return {
    kernel: {
      name: `${name}-sum`,
      bindings: [partialSums("partial"), ...epilogueBindings(epilogue)],
      sizes: { parts, quads: rows * weightQuads, ...sizes },
      workgroups: linearWorkgroups(Math.ceil((rows * weightQuads) / SUM_THREADS)),
      code: wgsl`
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
      `,
    },
    buffers: { partial: { tensor: partials }, ...epilogueBuffers(epilogue, (tensor) => band.windowOf(tensor)) },
  };
}

/** The same for a reader. Its result is one band, so rows are those of the tensor. */
export function partsOf({ epilogue, partials, parts, rows, weightQuads, band, sizes }: SplitProduct): Parts {
  const { y: _, ...buffers } = epilogueBuffers(epilogue, (tensor) => band.windowOf(tensor));
  return {
    bindings: [partialSums("part_sums"), ...epilogueInputs(epilogue)],
    buffers: { part_sums: { tensor: partials }, ...buffers },
    sizes: { parts, part_quads: rows * weightQuads, ...sizes },
    code: wgsl`
      ${finishedWgsl(epilogue)}

      // Four channels of the product's result: its parts, added in their order, always the same.
      fn summed(row: u32, quad: u32) -> vec4<f32> {
        var sum = vec4<f32>(0.0);
        for (var part = 0u; part < sizes.parts; part++) {
          sum += load_part_sums(part * sizes.part_quads + row * sizes.output_quads + quad);
        }
        return finished(row, quad, sum);
      }
    `,
  };
}
