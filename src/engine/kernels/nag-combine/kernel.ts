// Normalised Attention Guidance after the two branches: per token, over all heads at once.
// One workgroup takes one token: it sums L1 norms in f32 by a tree, then clips and blends every channel.
// Without negative keys, or with phi 0, it copies Z+ and never looks at Z-.
import type { Dispatch, Kernel, KernelTarget, Lowering } from "../../kernel";
import { linearWorkgroups } from "../../kernel";
import type { NagCombine } from "../../ops";
import { STEERING_FIELDS } from "../../steering-input";
import { channelsOf, rowsOf, strideOf, type Tensor } from "../../tensor";
import { linearEntryPoint, wgsl } from "../../wgsl";

/** Keeps the ratio of a token whose positive branch is all zero finite. */
const NORM_FLOOR = 1e-6;

export function lowerNagCombine(op: NagCombine, output: Tensor, { target }: Lowering): readonly Dispatch[] {
  const { branches, steering } = op.inputs;
  const buffers = { branches: { tensor: branches }, steering: { tensor: steering }, y: { tensor: output } };
  return [{ kernel: nagCombine(branches, output, target), buffers }];
}

/** branches: `[rows, 2c]` as Z+ | Z-, y: `[rows, c]`. Scalars where c is not a multiple of four: Z- is then unaligned. */
function nagCombine(branches: Tensor, output: Tensor, target: KernelTarget): Kernel {
  const channels = channelsOf(output);
  const lanes = channels % 4 === 0 ? 4 : 1;
  const threads = target.traits.combineInvocations;
  const value = lanes === 4 ? "vec4<f32>" : "f32";
  const length = lanes === 4 ? "dot(abs(value), vec4<f32>(1.0))" : "abs(value)";
  return {
    name: "nag-combine",
    bindings: [
      { name: "branches", access: "read", element: "activation", lanes },
      { name: "steering", access: "read", element: "f32", lanes: 1 },
      { name: "y", access: "write", element: "activation", lanes },
    ],
    sizes: {
      rows: rowsOf(output),
      units: channels / lanes,
      branches_stride: strideOf(branches) / lanes,
      y_stride: strideOf(output) / lanes,
    },
    workgroups: linearWorkgroups(rowsOf(output)),
    code: wgsl`
      var<workgroup> norms: array<vec2<f32>, ${threads}>; // |Z~|, |Z+|

      fn length_of(value: ${value}) -> f32 { return ${length}; }

      ${linearEntryPoint(
        threads,
        wgsl`
          let row = flat_group;
          if (row >= sizes.rows) { return; }
          let plus = row * sizes.branches_stride;
          let minus = plus + sizes.units;
          let phi = load_steering(${STEERING_FIELDS.nagPhi}u);
          let tau = load_steering(${STEERING_FIELDS.nagTau}u);
          let alpha = load_steering(${STEERING_FIELDS.nagAlpha}u);

          // Nothing to leave out: copy Z+. The row's padding, if any, is written too, with zeros.
          if (load_steering(${STEERING_FIELDS.negativeKeys}u) == 0.0 || phi == 0.0) {
            for (var unit = thread; unit < sizes.y_stride; unit += ${threads}u) {
              store_y(row * sizes.y_stride + unit, select(${value}(0.0), load_branches(plus + unit), unit < sizes.units));
            }
            return;
          }

          // The norms of the guided and of the positive branch, over the whole row.
          var sums = vec2<f32>(0.0);
          for (var unit = thread; unit < sizes.units; unit += ${threads}u) {
            let positive = load_branches(plus + unit);
            let guided = positive + phi * (positive - load_branches(minus + unit));
            sums += vec2<f32>(length_of(guided), length_of(positive));
          }
          norms[thread] = sums;
          workgroupBarrier();
          for (var half = ${threads}u / 2u; half > 0u; half /= 2u) {
            if (thread < half) { norms[thread] += norms[thread + half]; }
            workgroupBarrier();
          }

          // Shrink what became too long, blend, store.
          let ratio = norms[0].x / max(norms[0].y, ${NORM_FLOOR});
          let shrink = select(1.0, tau / ratio, ratio > tau);
          for (var unit = thread; unit < sizes.y_stride; unit += ${threads}u) {
            let positive = load_branches(plus + unit);
            let guided = positive + phi * (positive - load_branches(minus + unit));
            let blended = positive + alpha * (shrink * guided - positive);
            store_y(row * sizes.y_stride + unit, select(${value}(0.0), blended, unit < sizes.units));
          }
        `,
      )}
    `,
  };
}
