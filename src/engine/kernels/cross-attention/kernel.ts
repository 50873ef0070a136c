// Cross-attention with a negative prompt inside: for a tile of tokens of one head, the softmax
// over the positive keys and, if steering asks for it, the one over the negative keys, sharing q.
// The second branch costs nothing when there are no negative keys or its weight is 0: the loop
// then runs once, and the result is bit-identical to plain attention.
// NASA: SNOOPI, eq. 7-9. NAG needs the norm over all heads: `nag-combine` does that.
import type { Dispatch, Kernel, KernelTarget, Lowering } from "../../kernel";
import { STEERING_FIELDS, type CrossAttention } from "../../ops";
import { axis, channelsOf, strideOf, type Tensor } from "../../tensor";
import { attentionCore, type Core } from "../attention/core";
import { headSizes, lanesOf, quadReader, quadWriter } from "../attention/heads";

export function lowerCrossAttention(op: CrossAttention, output: Tensor, { target }: Lowering): readonly Dispatch[] {
  const { q, k, v, negativeK, negativeV, steering } = op.inputs;
  const buffers = {
    q: { tensor: q },
    k: { tensor: k },
    v: { tensor: v },
    negative_k: { tensor: negativeK },
    negative_v: { tensor: negativeV },
    steering: { tensor: steering },
    y: { tensor: output },
  };
  return [{ kernel: crossAttention(op, output, target), buffers }];
}

/** q: `[batch, tokens, *]`, k, v: `[batch, capacity, *]`, the negative ones likewise with their own capacity. */
function crossAttention(op: CrossAttention, output: Tensor, target: KernelTarget): Kernel {
  const { headSize, heads, mode, qLayout, kLayout, vLayout } = op;
  const { q, k, v, negativeK, negativeV } = op.inputs;
  const quads = Math.ceil(headSize / 4);
  const read = (name: string) => (key: string, quad: string) => `${name}_quad(branch, batch, ${key}, head, ${quad})`;
  const options = { quads, causal: false, second: mode === "nasa", readKey: read("key"), readValue: read("value") };
  const core = attentionCore(options, target);
  const lanes = { q: lanesOf(headSize, qLayout), k: lanesOf(headSize, kLayout), v: lanesOf(headSize, vLayout) };
  const yLanes = headSize % 4 === 0 ? 4 : 1;
  const tokens = axis(q, 1);
  const readers = [
    quadReader("q", "q", lanes.q),
    quadReader("k", "k", lanes.k),
    quadReader("v", "v", lanes.v),
    quadReader("negative_k", "negativeK", lanes.k),
    quadReader("negative_v", "negativeV", lanes.v),
  ];
  return {
    name: `cross-attention-${mode}`,
    bindings: [
      { name: "q", access: "read", element: "activation", lanes: lanes.q },
      { name: "k", access: "read", element: "activation", lanes: lanes.k },
      { name: "v", access: "read", element: "activation", lanes: lanes.v },
      { name: "negative_k", access: "read", element: "activation", lanes: lanes.k },
      { name: "negative_v", access: "read", element: "activation", lanes: lanes.v },
      { name: "steering", access: "read", element: "f32", lanes: 1 },
      { name: "y", access: "write", element: "activation", lanes: yLanes },
    ],
    sizes: {
      tokens,
      headSize,
      quads,
      capacity: axis(k, 1),
      negativeCapacity: axis(negativeK, 1),
      ...headSizes("q", q, headSize, qLayout),
      ...headSizes("k", k, headSize, kLayout),
      ...headSizes("v", v, headSize, vLayout),
      ...headSizes("negativeK", negativeK, headSize, kLayout),
      ...headSizes("negativeV", negativeV, headSize, vLayout),
      yStride: strideOf(output) / yLanes,
      yChannels: channelsOf(output),
      // Z- begins after all heads of Z+ (mode branches).
      negativeOffset: (heads * headSize) / yLanes,
    },
    scalars: { scale: op.scale * Math.LOG2E },
    workgroups: [Math.ceil(tokens / core.queries), heads, axis(q, 0)],
    code: `
${readers.join("")}${quadWriter(yLanes)}
fn key_quad(branch: u32, batch: u32, key: u32, head: u32, c: u32) -> vec4<f32> {
  if (branch == 0u) { return quad_k(batch * sizes.capacity + key, head, c); }
  return quad_negative_k(batch * sizes.negativeCapacity + key, head, c);
}
fn value_quad(branch: u32, batch: u32, key: u32, head: u32, c: u32) -> vec4<f32> {
  if (branch == 0u) { return quad_v(batch * sizes.capacity + key, head, c); }
  return quad_negative_v(batch * sizes.negativeCapacity + key, head, c);
}
${core.declarations}
@compute @workgroup_size(${core.invocations})
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let head = id.y;
  let batch = id.z;
  let positiveKeys = min(u32(load_steering(${STEERING_FIELDS.positiveKeys}u)), sizes.capacity);
  let negativeKeys = min(u32(load_steering(${STEERING_FIELDS.negativeKeys}u)), sizes.negativeCapacity);
  let weight = load_steering(${mode === "nasa" ? STEERING_FIELDS.nasaScale : STEERING_FIELDS.nagPhi}u);
  let branches = select(1u, 2u, negativeKeys > 0u && weight != 0.0);
${core.begin}
${mode === "nasa" ? nasaBranches(core) : separateBranches(core)}
}
`,
  };
}

/** Z+ stays in `z` until the negative branch, if any, is subtracted. */
function nasaBranches(core: Core): string {
  return `
  for (var branch = 0u; branch < branches; branch++) {
    let keyEnd = select(negativeKeys, positiveKeys, branch == 0u);
${core.branch}
    if (branch == 0u) {
${core.each(({ o, z }) => `${z} = ${o};`)}
    } else {
${core.each(({ o, z }) => `${z} -= weight * ${o};`)}
    }
  }
${core.each(({ z, token, quad }) => write("0u", token, quad, z))}`;
}

/** Z+ to the first channels, Z- to the rest; without a negative branch Z+ to both, so that all of y is defined. */
function separateBranches(core: Core): string {
  return `
  for (var branch = 0u; branch < branches; branch++) {
    let keyEnd = select(negativeKeys, positiveKeys, branch == 0u);
${core.branch}
${core.each(({ o, token, quad }) => write("branch * sizes.negativeOffset", token, quad, o))}
    if (branches == 1u) {
${core.each(({ o, token, quad }) => write("sizes.negativeOffset", token, quad, o))}
    }
  }`;
}

function write(offset: string, token: string, quad: string, value: string): string {
  return `write_y(batch * sizes.tokens + ${token}, ${offset}, head, ${quad}, ${value});`;
}
