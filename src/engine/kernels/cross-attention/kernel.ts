// Cross-attention with a negative prompt inside: for a tile of tokens of one head, the softmax
// over the positive keys and, if steering asks for it, the one over the negative keys, sharing q.
// The second branch costs nothing when there are no negative keys or its weight is 0: the loop
// then runs once, and the result is bit-identical to plain attention.
// NASA: SNOOPI, eq. 7-9. NAG needs the norm over all heads: `nag-combine` does that. VSF's is one softmax over both sets of
// keys (arXiv 2508.10931). In all of them the values of keys count by their signs, which are -1 for words with negative weights.
import type { Binding, Dispatch, Kernel, KernelTarget, Lowering } from "../../kernel";
import type { CrossAttention } from "../../ops";
import { signsOf, STEERING_FIELDS } from "../../steering-input";
import { axis, channelsOf, strideOf, type Tensor } from "../../tensor";
import { entryPoint, wgsl } from "../../wgsl";
import { attentionCore } from "../attention/choose-core";
import type { Core, PerKey } from "../attention/core";
import { headSizes, lanesOf, quadReader, quadWriter } from "../attention/heads";
import { type ProjectedQueries, queryProjection } from "./queries";

export function lowerCrossAttention(op: CrossAttention, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { q, k, v, negativeK, negativeV, steering } = op.inputs;
  const projected = lowering.queries.get(q.id);
  const projection = projected && queryProjection(op, projected, lowering);
  const buffers = {
    ...(projection?.buffers ?? { q: { tensor: q } }),
    k: { tensor: k },
    v: { tensor: v },
    negative_k: { tensor: negativeK },
    negative_v: { tensor: negativeV },
    steering: { tensor: steering },
    y: { tensor: output },
  };
  return [{ kernel: crossAttention(op, output, lowering.target, projection), buffers }];
}

/** q: `[batch, tokens, *]`, k, v: `[batch or 1, capacity, *]`, the negative ones likewise with their own capacity. */
function crossAttention(op: CrossAttention, output: Tensor, target: KernelTarget, projection?: ProjectedQueries): Kernel {
  const { headSize, heads, mode, qLayout, kLayout, vLayout } = op;
  const { q, k, v, negativeK, negativeV } = op.inputs;
  const quads = Math.ceil(headSize / 4);
  // One text serves a whole batch, or each picture has its own.
  const rowOf = (key: string, capacity: string): string => (axis(k, 0) === 1 ? key : `batch * sizes.${capacity} + ${key}`);
  const read = (name: string, capacity: string) => (key: string, quad: string) => `quad_${name}(${rowOf(key, capacity)}, head, ${quad})`;
  const positive = { key: read("k", "capacity"), value: read("v", "capacity") };
  const negative = { key: read("negative_k", "negative_capacity"), value: read("negative_v", "negative_capacity") };
  const core = attentionCore(
    { quads, causal: false, second: mode === "nasa", sources: [positive, negative], perKey: perKey(mode), projection: projection?.text },
    target,
  );
  const lanes = { q: lanesOf(headSize, qLayout), k: lanesOf(headSize, kLayout), v: lanesOf(headSize, vLayout) };
  const yLanes = headSize % 4 === 0 ? 4 : 1;
  const tokens = axis(q, 1);
  // Keys and values that lie side by side in one tensor are bound once.
  const valuesOf = (keys: string, values: string) => (areTogether(op) ? keys : values);
  const readers = [
    ...(projection ? [] : [quadReader("q", lanes.q)]),
    quadReader("k", lanes.k),
    quadReader("v", lanes.v, valuesOf("k", "v")),
    quadReader("negative_k", lanes.k),
    quadReader("negative_v", lanes.v, valuesOf("negative_k", "negative_v")),
  ];
  const bindings: readonly Binding[] = [
    ...(projection?.bindings ?? [{ name: "q", access: "read", element: "activation", lanes: lanes.q } as const]),
    { name: "k", access: "read", element: "activation", lanes: lanes.k },
    { name: "v", access: "read", element: "activation", lanes: lanes.v },
    { name: "negative_k", access: "read", element: "activation", lanes: lanes.k },
    { name: "negative_v", access: "read", element: "activation", lanes: lanes.v },
    { name: "steering", access: "read", element: "f32", lanes: 1 },
    { name: "y", access: "write", element: "activation", lanes: yLanes },
  ];
  return {
    name: `cross-attention-${mode}`,
    holdsResults: true,
    bindings: areTogether(op) ? bindings.filter(({ name }) => name !== "v" && name !== "negative_v") : bindings,
    sizes: {
      tokens,
      head_size: headSize,
      quads,
      capacity: axis(k, 1),
      negative_capacity: axis(negativeK, 1),
      ...(projection?.sizes ?? headSizes("q", q, headSize, qLayout)),
      ...headSizes("k", k, headSize, kLayout),
      ...headSizes("v", v, headSize, vLayout),
      ...headSizes("negative_k", negativeK, headSize, kLayout),
      ...headSizes("negative_v", negativeV, headSize, vLayout),
      y_stride: strideOf(output) / yLanes,
      y_channels: channelsOf(output),
      negative_signs: STEERING_FIELDS.signs + signsOf(axis(k, 1)),
      // Z- begins after all heads of Z+ (mode branches).
      negative_offset: (heads * headSize) / yLanes,
    },
    scalars: { scale: op.scale * Math.LOG2E, ...projection?.scalars },
    workgroups: [Math.ceil(tokens / core.queries), heads, axis(q, 0)],
    code: wgsl`
      ${readers.join("\n")}
      ${SIGNS}
      ${quadWriter(yLanes)}

      ${core.declarations}

      ${entryPoint(
        core.threads,
        wgsl`
          let head = group.y;
          let batch = group.z;
          // Without negative keys, or with weight 0, there is one branch.
          let positive_keys = min(u32(load_steering(${STEERING_FIELDS.positiveKeys}u)), sizes.capacity);
          let negative_keys = min(u32(load_steering(${STEERING_FIELDS.negativeKeys}u)), sizes.negative_capacity);
          let weight = load_steering(${WEIGHTS[mode]}u);
          let branches = select(1u, 2u, negative_keys > 0u && weight != 0.0);
          ${core.begin}
          ${BODIES[mode](core)}
        `,
      )}
    `,
  };
}

/** Without which the negative branch is closed. */
const WEIGHTS = { nasa: STEERING_FIELDS.nasaScale, branches: STEERING_FIELDS.nagPhi, vsf: STEERING_FIELDS.vsfScale } as const;

const BODIES = { nasa: nasaBranches, branches: separateBranches, vsf: oneSoftmax } as const;

/** The signs of four neighbouring keys; of the last again past the end, where no key has weight. */
const SIGNS = wgsl`
  fn signs_of(branch: u32, key: u32) -> vec4<f32> {
    let begin = select(sizes.negative_signs, ${STEERING_FIELDS.signs}u, branch == 0u);
    let last = select(sizes.negative_capacity, sizes.capacity, branch == 0u) - 1u;
    return vec4<f32>(
      load_steering(begin + min(key, last)),
      load_steering(begin + min(key + 1u, last)),
      load_steering(begin + min(key + 2u, last)),
      load_steering(begin + min(key + 3u, last)),
    );
  }
`;

function perKey(mode: CrossAttention["mode"]): PerKey {
  const signs = (key: string) => `signs_of(branch, ${key})`;
  return mode === "vsf" ? { bias: "bias", factors: (key) => `${signs(key)} * factor` } : { factors: signs };
}

/** Whether keys and values of each text are one tensor, and read alike. */
export function areTogether({ inputs: { k, v, negativeK, negativeV }, headSize, kLayout, vLayout }: CrossAttention): boolean {
  return k.id === v.id && negativeK.id === negativeV.id && lanesOf(headSize, kLayout) === lanesOf(headSize, vLayout);
}

/** Z+ is kept until the negative branch, if any, is subtracted. */
function nasaBranches(core: Core): string {
  return wgsl`
    for (var branch = 0u; branch < branches; branch++) {
      let key_end = select(negative_keys, positive_keys, branch == 0u);
      ${core.fresh}

      ${core.keys}

      ${core.finish}
      if (branch == 0u) {
        ${core.each(({ output, kept }) => `${kept} = ${output};`)}
      } else {
        ${core.each(({ output, kept }) => `${kept} -= weight * ${output};`)}
      }
    }
    // Store.
    ${core.each(({ kept, token, quad }) => write("0u", token, quad, kept))}
  `;
}

/** The negative's keys join the softmax of the positive ones. */
function oneSoftmax(core: Core): string {
  return wgsl`
    let offset = load_steering(${STEERING_FIELDS.vsfOffset}u) * ${Math.LOG2E};
    ${core.fresh}

    for (var branch = 0u; branch < branches; branch++) {
      let key_end = select(negative_keys, positive_keys, branch == 0u);
      let factor = select(-weight, 1.0, branch == 0u);
      let bias = select(-offset, 0.0, branch == 0u);
      ${core.keys}
    }

    ${core.finish}
    // Store.
    ${core.each(({ output, token, quad }) => write("0u", token, quad, output))}
  `;
}

/** Z+ to the first channels, Z- to the rest; without a negative branch Z+ to both, so that all of y is defined. */
function separateBranches(core: Core): string {
  return wgsl`
    for (var branch = 0u; branch < branches; branch++) {
      let key_end = select(negative_keys, positive_keys, branch == 0u);
      ${core.fresh}

      ${core.keys}

      ${core.finish}
      // Store.
      ${core.each(({ output, token, quad }) => write("branch * sizes.negative_offset", token, quad, output))}
      if (branches == 1u) {
        ${core.each(({ output, token, quad }) => write("sizes.negative_offset", token, quad, output))}
      }
    }
  `;
}

function write(offset: string, token: string, quad: string, value: string): string {
  return `write_y(batch * sizes.tokens + ${token}, ${offset}, head, ${quad}, ${value});`;
}
