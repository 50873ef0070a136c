// Attention over tokens: softmax(q k^T * scale) v per head, flash style.
// Any head size and token counts; q, k and v may be views into one packed projection.
// Error against float64 in float32: about 2^-24 * sqrt(headSize) on a score, relative on its weight.
import type { Dispatch, Kernel, KernelTarget, Lowering } from "../../kernel";
import type { Attention } from "../../ops";
import { axis, channelsOf, strideOf, type Tensor } from "../../tensor";
import { entryPoint, wgsl } from "../../wgsl";
import { attentionCore } from "./choose-core";
import { headSizes, lanesOf, quadReader, quadWriter } from "./heads";

export function lowerAttention(op: Attention, output: Tensor, { target }: Lowering): readonly Dispatch[] {
  const { q, k, v } = op.inputs;
  return [
    { kernel: attention(op, output, target), buffers: { q: { tensor: q }, k: { tensor: k }, v: { tensor: v }, y: { tensor: output } } },
  ];
}

/** q: `[batch, tokens, *]`, k and v: `[batch, keys, *]`, y: `[batch, tokens, heads * headSize]`. Causal: key <= token. */
function attention(op: Attention, output: Tensor, target: KernelTarget): Kernel {
  const { headSize, heads, qLayout, kLayout, vLayout, causal } = op;
  const { q, k, v } = op.inputs;
  const quads = Math.ceil(headSize / 4);
  const read = (name: string) => (key: string, quad: string) => `quad_${name}(batch * sizes.keys + ${key}, head, ${quad})`;
  const core = attentionCore({ quads, causal, second: false, sources: [{ key: read("k"), value: read("v") }] }, target);
  const lanes = { q: lanesOf(headSize, qLayout), k: lanesOf(headSize, kLayout), v: lanesOf(headSize, vLayout) };
  const yLanes = headSize % 4 === 0 ? 4 : 1;
  const tokens = axis(q, 1);
  return {
    name: "attention",
    holdsResults: true,
    bindings: [
      { name: "q", access: "read", element: "activation", lanes: lanes.q },
      { name: "k", access: "read", element: "activation", lanes: lanes.k },
      { name: "v", access: "read", element: "activation", lanes: lanes.v },
      { name: "y", access: "write", element: "activation", lanes: yLanes },
    ],
    sizes: {
      tokens,
      head_size: headSize,
      quads,
      keys: axis(k, 1),
      ...headSizes("q", q, headSize, qLayout),
      ...headSizes("k", k, headSize, kLayout),
      ...headSizes("v", v, headSize, vLayout),
      y_stride: strideOf(output) / yLanes,
      y_channels: channelsOf(output),
    },
    scalars: { scale: op.scale * Math.LOG2E },
    workgroups: [Math.ceil(tokens / core.queries), heads, axis(q, 0)],
    code: wgsl`
      ${quadReader("q", lanes.q)}
      ${quadReader("k", lanes.k)}
      ${quadReader("v", lanes.v)}
      ${quadWriter(yLanes)}

      ${core.declarations}

      ${entryPoint(
        core.threads,
        wgsl`
          let head = group.y;
          let batch = group.z;
          ${core.begin}
          let key_end = ${causal ? `min(sizes.keys, (group.x + 1u) * ${core.queries}u)` : "sizes.keys"};
          ${core.fresh}

          ${core.keys}

          ${core.finish}

          // Store.
          ${core.each(({ output: value, token, quad }) => `write_y(batch * sizes.tokens + ${token}, 0u, head, ${quad}, ${value});`)}
        `,
      )}
    `,
  };
}
