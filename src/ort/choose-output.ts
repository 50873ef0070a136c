// Chooses the right one of a network's outputs: exporters agree on names more than on order, and some put the pooled text first.
import type { InferenceSession } from "onnxruntime-web";
import { OnestrokeError } from "../common/errors";
import type { ValueInfo } from "./onnx-graph/model";

export interface Output {
  readonly name: string;
  /** Number of axes; undefined if the file does not state it. */
  readonly rank: number | undefined;
}

/** The output that is wanted from a network, whichever tool exported it. */
export interface Wanted {
  /** The names that exporters give it, the usual one first. */
  readonly names: readonly string[];
  readonly rank: number;
}

/** `[batch, tokens, channels]` */
export const TEXT_STATES: Wanted = { names: ["last_hidden_state", "hidden_states", "encoder_hidden_states"], rank: 3 };
/** `[batch, channels, height, width]` */
export const PREDICTION: Wanted = { names: ["out_sample", "sample", "noise_pred"], rank: 4 };
export const PICTURE: Wanted = { names: ["sample", "images", "image"], rank: 4 };

/** @throws OnestrokeError `model-unsupported` listing the outputs, if none or several of them could be the wanted one */
export function chooseOutput(model: string, outputs: readonly Output[], { names, rank }: Wanted): string {
  for (const name of names) if (outputs.some((output) => output.name === name)) return name;
  const [exact, open] = [outputs.filter((output) => output.rank === rank), outputs.filter((output) => output.rank === undefined)];
  const [only, ...others] = exact.length > 0 ? exact : open;
  if (only !== undefined && others.length === 0) return only.name;
  const listed = outputs.map(({ name, rank: axes }) => (axes === undefined ? name : `${name} of ${axes} axes`)).join(", ");
  throw new OnestrokeError(
    "model-unsupported",
    `${model} has the outputs ${listed || "none"}: none is ${names[0]}, and not one alone has ${rank} axes`,
    {
      model,
    },
  );
}

/** The outputs of a graph. */
export function graphOutputs(outputs: readonly ValueInfo[]): readonly Output[] {
  return outputs.map(({ name, shape }) => ({ name, rank: shape?.length }));
}

/** The outputs of a session, which reports an unknown shape as none. */
export function sessionOutputs(outputs: readonly InferenceSession.ValueMetadata[]): readonly Output[] {
  return outputs.map((value) => ({ name: value.name, rank: value.isTensor && value.shape.length > 0 ? value.shape.length : undefined }));
}
