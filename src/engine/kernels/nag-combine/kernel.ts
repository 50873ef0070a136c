// Normalised Attention Guidance after the two branches: per token, over all heads at once.
// One workgroup a token: L1 norms in f32 by a tree, then every channel is clipped and blended.
// Without negative keys, or with phi 0, it copies Z+ and never looks at Z-.
import type { Dispatch, Kernel, KernelTarget, Lowering } from "../../kernel";
import { linearWorkgroups } from "../../kernel";
import { STEERING_FIELDS, type NagCombine } from "../../ops";
import { channelsOf, rowsOf, strideOf, type Tensor } from "../../tensor";

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
  const invocations = target.traits.combineInvocations;
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
      branchesStride: strideOf(branches) / lanes,
      yStride: strideOf(output) / lanes,
    },
    workgroups: linearWorkgroups(rowsOf(output)),
    code: `
const INVOCATIONS = ${invocations}u;
var<workgroup> norms: array<vec2<f32>, ${invocations}>; // |Z~|, |Z+|

fn length1(value: ${value}) -> f32 { return ${length}; }

@compute @workgroup_size(${invocations})
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let row = flat_workgroup(id, count);
  if (row >= sizes.rows) { return; }
  let plus = row * sizes.branchesStride;
  let minus = plus + sizes.units;
  let phi = load_steering(${STEERING_FIELDS.nagPhi}u);
  let tau = load_steering(${STEERING_FIELDS.nagTau}u);
  let alpha = load_steering(${STEERING_FIELDS.nagAlpha}u);
  // The row's padding, if any, is written too: with zeros.
  if (load_steering(${STEERING_FIELDS.negativeKeys}u) == 0.0 || phi == 0.0) {
    for (var c = local; c < sizes.yStride; c += INVOCATIONS) {
      store_y(row * sizes.yStride + c, select(${value}(0.0), load_branches(plus + c), c < sizes.units));
    }
    return;
  }
  var sums = vec2<f32>(0.0);
  for (var c = local; c < sizes.units; c += INVOCATIONS) {
    let z = load_branches(plus + c);
    let guided = z + phi * (z - load_branches(minus + c));
    sums += vec2<f32>(length1(guided), length1(z));
  }
  norms[local] = sums;
  workgroupBarrier();
  for (var half = INVOCATIONS / 2u; half > 0u; half /= 2u) {
    if (local < half) { norms[local] += norms[local + half]; }
    workgroupBarrier();
  }
  let ratio = norms[0].x / max(norms[0].y, ${NORM_FLOOR});
  let shrink = select(1.0, tau / ratio, ratio > tau);
  for (var c = local; c < sizes.yStride; c += INVOCATIONS) {
    let z = load_branches(plus + c);
    let guided = z + phi * (z - load_branches(minus + c));
    store_y(row * sizes.yStride + c, select(${value}(0.0), z + alpha * (shrink * guided - z), c < sizes.units));
  }
}
`,
  };
}
