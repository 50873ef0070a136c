// What happens to a sum before it is stored: bias, channel bias, activation, residual,
// final activation, or the gate. One WGSL function, used by the product itself and by
// the pass that adds up a split reduction.
import { activationText } from "../../activations";
import type { Binding, BufferSource } from "../../kernel";
import type { Activation } from "../../ops";
import type { Weight } from "../../weight-layout";
import { quadsOf, type Tensor } from "../../tensor";
import { wgsl } from "../../wgsl";

export interface Epilogue {
  readonly bias?: Weight | undefined;
  /** That of a further product, which is in the sums too. */
  readonly furtherBias?: Weight | undefined;
  /** `[batch, columns or more]`, of which the columns from `channelBiasBegin` on are added to every row of a batch item. */
  readonly channelBias?: Tensor | undefined;
  readonly channelBiasBegin?: number;
  readonly residual?: Tensor | undefined;
  /** Before the residual. */
  readonly activation: Activation;
  /** After the residual. */
  readonly finalActivation: Activation;
  /** Column quads alternate value, gate; half as many quads are stored. */
  readonly gated: boolean;
  /** Both activations are sizes, not text. */
  readonly activationsAtRunTime: boolean;
  readonly output: Tensor;
}

function activations(epilogue: Epilogue) {
  const { activation, finalActivation, gated, activationsAtRunTime } = epilogue;
  return {
    inner: activationText("activate", activation, activationsAtRunTime),
    // Only a residual stands between the two; a gated product has neither.
    last: activationText("activate_last", finalActivation, activationsAtRunTime && epilogue.residual !== undefined && !gated),
  };
}

/** Sizes that `finish` reads to find a channel bias, and to choose activations at run time. */
export function epilogueSizes(epilogue: Epilogue): Readonly<Record<string, number>> {
  const { inner, last } = activations(epilogue);
  const { channelBias, channelBiasBegin = 0 } = epilogue;
  const place = channelBias ? { channel_bias_quads: quadsOf(channelBias), channel_bias_begin: channelBiasBegin / 4 } : {};
  return { ...place, ...inner.sizes, ...last.sizes };
}

/**
 * `finished(row, quad, sum)`, which gives what is to be stored; the rest is as in `epilogueWgsl`. Not for gated products.
 */
export function finishedWgsl(epilogue: Epilogue): string {
  return functionWgsl(epilogue, "finished", { result: " -> vec4<f32>", end: "return result;" });
}

/**
 * `finish(row, quad, sum)`, or `finish(row, quad, value, gate)` with `quad` counting stored quads.
 * Reads the sizes `output_quads` and, with a channel bias, `row_offset` and `batch_rows`.
 */
export function epilogueWgsl(epilogue: Epilogue): string {
  return functionWgsl(epilogue, "finish", { result: "", end: "store_y(index, result);" });
}

function functionWgsl(epilogue: Epilogue, name: string, { result, end }: { readonly result: string; readonly end: string }): string {
  const { bias, furtherBias, channelBias, residual, gated } = epilogue;
  const { inner, last } = activations(epilogue);
  const biased = (name: string, quad: string) => (bias ? `${name} + load_bias(${quad})` : name);
  const plain = wgsl`
    var result = ${biased("value", "quad")};
    ${furtherBias ? "result += load_further_bias(quad);" : ""}
    ${channelBias ? CHANNEL_BIAS : ""}
    ${inner.assign("result")}
  `;
  const gate = wgsl`
    let value_sum = ${biased("value", "2u * quad")};
    let gate_sum = ${biased("gate", "2u * quad + 1u")};
    var result = value_sum * ${inner.apply("gate_sum")};
  `;
  return wgsl`
    ${inner.declaration}
    ${last.declaration}
    // What becomes of four sums before they are stored.
    fn ${name}(row: u32, quad: u32, value: vec4<f32>${gated ? ", gate: vec4<f32>" : ""})${result} {
      ${gated ? gate : plain}
      let index = row * sizes.output_quads + quad;
      ${residual ? "result += load_residual(index);" : ""}
      ${last.assign("result")}
      ${end}
    }
  `;
}

const CHANNEL_BIAS = wgsl`
  let item = (row + sizes.row_offset) / sizes.batch_rows;
  result += load_channel_bias(item * sizes.channel_bias_quads + sizes.channel_bias_begin + quad);
`;

/** What the epilogue reads. */
export function epilogueInputs({ bias, furtherBias, channelBias, residual }: Epilogue): readonly Binding[] {
  return [
    ...(bias ? [{ name: "bias", access: "read", element: "weight", lanes: 4 } as const] : []),
    ...(furtherBias ? [{ name: "further_bias", access: "read", element: "weight", lanes: 4 } as const] : []),
    ...(channelBias ? [{ name: "channel_bias", access: "read", element: channelBias.element, lanes: 4 } as const] : []),
    ...(residual ? [{ name: "residual", access: "read", element: residual.element, lanes: 4 } as const] : []),
  ];
}

export function epilogueBindings(epilogue: Epilogue): readonly Binding[] {
  return [...epilogueInputs(epilogue), { name: "y", access: "write", element: epilogue.output.element, lanes: 4 }];
}

/** `rows` gives the band of a tensor with the output's rows. */
export function epilogueBuffers(
  { bias, furtherBias, channelBias, residual, output }: Epilogue,
  rows: (tensor: Tensor) => BufferSource,
): Readonly<Record<string, BufferSource>> {
  return {
    ...(bias ? { bias: { weight: bias } } : {}),
    ...(furtherBias ? { further_bias: { weight: furtherBias } } : {}),
    ...(channelBias ? { channel_bias: { tensor: channelBias } } : {}),
    ...(residual ? { residual: rows(residual) } : {}),
    y: rows(output),
  };
}
