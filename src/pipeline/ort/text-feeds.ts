// What a denoiser's graph, rewritten or not (ort/steer-graph), reads of the texts of a picture in one step.
import { invariant } from "../../common/errors";
import type { Steering, SteeringMethod } from "../../common/steering";
import { negativeOf, TEXT_INPUT, TOKEN_INPUTS, type GraphSteering } from "../../ort/steer-graph";
import type { EncodedText } from "../engine";
import type { Feed } from "./network";

export interface TextPair {
  readonly positive: EncodedText;
  /** Absent where the picture is not steered. */
  readonly negative: EncodedText | undefined;
}

/** What the graph must be rewritten for. */
export function graphSteering({ positive, negative }: TextPair, method: SteeringMethod | undefined): GraphSteering {
  const isSigned = positive.signs !== undefined || negative?.signs !== undefined;
  return method === "vsf" ? { weighs: true } : { by: method, weighs: isSigned };
}

/**
 * Inputs by name; a graph that was not rewritten for some does not have those.
 * @param steering of this step: at strength 0 a rewritten graph gives the plain graph's result
 */
export function textFeeds({ positive, negative }: TextPair, steering: Steering): Readonly<Record<string, Feed>> {
  const weighed = weighedText(positive, negative, steering);
  // Where a step is not steered, a graph for NASA or NAG reads the prompt twice.
  const other = steering.method === "vsf" || negative === undefined ? weighed : plainText(negative);
  return { ...feedsOf(weighed, (name) => name), ...feedsOf(other, negativeOf) };
}

/** A text, with what each token's values count and what is added to its scores. */
interface WeighedText {
  readonly text: EncodedText;
  readonly factors: Float32Array;
  readonly added: Float32Array;
}

function plainText(text: EncodedText): WeighedText {
  const { tokens, signs = new Float32Array(tokens).fill(1) } = text;
  return { text, factors: signs, added: new Float32Array(tokens) };
}

/** Under VSF the negative's words follow the text. */
function weighedText(positive: EncodedText, negative: EncodedText | undefined, steering: Steering): WeighedText {
  const plain = plainText(positive);
  if (steering.method !== "vsf" || steering.scale === 0 || negative === undefined) return plain;
  invariant(positive.channels === negative.channels, "both texts are read by the same encoders");
  const away = plainText(negative);
  return {
    text: { channels: positive.channels, tokens: positive.tokens + negative.tokens, hidden: joined(positive.hidden, negative.hidden) },
    factors: joined(
      plain.factors,
      away.factors.map((sign) => -steering.scale * sign),
    ),
    added: joined(plain.added, new Float32Array(negative.tokens).fill(-steering.offset)),
  };
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function feedsOf({ text, factors, added }: WeighedText, name: (input: string) => string): Readonly<Record<string, Feed>> {
  const { hidden, tokens, channels } = text;
  return {
    [name(TEXT_INPUT)]: { values: hidden, shape: [1, tokens, channels] },
    [name(TOKEN_INPUTS.factors)]: { values: factors, shape: [1, tokens, 1] },
    [name(TOKEN_INPUTS.added)]: { values: added, shape: [tokens] },
  };
}
