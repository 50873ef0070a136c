// Compares what a run is given with what the model takes. ONNX Runtime would find the same faults, but a
// rejected run makes a session unusable if its outputs stay on the GPU.
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { OnestrokeError } from "../../common/errors";

export type Feeds = Readonly<Record<string, Tensor>>;

/** @throws OnestrokeError `model-unsupported` naming the input */
export function checkFeeds(model: string, inputs: readonly InferenceSession.ValueMetadata[], feeds: Feeds): void {
  const refuse = (input: string, why: string): never => {
    throw new OnestrokeError("model-unsupported", `${model}: input ${input} ${why}`, { input });
  };
  for (const name of Object.keys(feeds)) {
    if (!inputs.some((input) => input.name === name))
      refuse(name, `is not one of the model's: ${inputs.map((input) => input.name).join(", ")}`);
  }
  for (const input of inputs) {
    const feed = feeds[input.name];
    if (!feed) return refuse(input.name, "is not known to Onestroke");
    if (!input.isTensor) return refuse(input.name, "is not a tensor");
    if (feed.type !== input.type) refuse(input.name, `is ${input.type}, not ${feed.type}`);
    if (!fits(feed.dims, input.shape)) refuse(input.name, `has the shape [${input.shape.join(", ")}], not [${feed.dims.join(", ")}]`);
  }
}

/** Symbols stand for any size. An unknown shape is reported as none, and so is a scalar's. */
function fits(dims: readonly number[], shape: readonly (number | string)[]): boolean {
  if (shape.length === 0) return true;
  return dims.length === shape.length && shape.every((size, axis) => typeof size === "string" || size === dims[axis]);
}
