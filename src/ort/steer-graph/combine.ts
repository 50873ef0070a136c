// NASA and NAG as ONNX operators, on the merged heads of both texts (the equations are in
// src/steering/reference.ts). Only operators that ONNX Runtime has on WebGPU are used, so `Max` is not.
import { attribute, constant } from "../onnx-graph/encode";
import { ELEMENT_TYPES, type ElementType, type Initializer, type OnnxNode } from "../onnx-graph/model";
import { NodeList } from "../onnx-graph/node-list";

type Method = "nasa" | "nag";

/** Graph inputs that set the strength: float32 scalars. */
export const SCALARS = {
  nasa: { scale: "nasa_scale" },
  nag: { scale: "nag_scale", tau: "nag_tau", alpha: "nag_alpha" },
} as const satisfies Record<Method, Readonly<Record<string, string>>>;

export interface Branches {
  /** `[..., tokens, channels]`, with all heads of a token side by side. */
  readonly positive: string;
  readonly negative: string;
  readonly output: string;
  readonly elementType: ElementType;
}

type Values = Omit<Branches, "elementType">;

const NORM_FLOOR = "onestroke/norm_floor";
const LAST_AXIS = "onestroke/last_axis";
/** From this version on, reductions take their axes as an input. */
const AXES_AS_INPUT = 18;

export function combineConstants(method: Method, opset: number): readonly Initializer[] {
  if (method === "nasa") return [];
  const floor = constant(NORM_FLOOR, [], Float32Array.of(1e-6));
  return opset < AXES_AS_INPUT ? [floor] : [floor, constant(LAST_AXIS, [1], BigInt64Array.of(-1n))];
}

/** Nodes that compute `output` from the branches, in float32 whatever the model's format: NAG's sums are over a thousand channels. */
export function combine(method: Method, branches: Branches, opset: number): readonly OnnxNode[] {
  const { output, elementType } = branches;
  const make = new NodeList(`${output}/steering`);
  const isFloat32 = elementType === ELEMENT_TYPES.float32;
  const float32 = {
    positive: isFloat32 ? branches.positive : make.cast(branches.positive, ELEMENT_TYPES.float32),
    negative: isFloat32 ? branches.negative : make.cast(branches.negative, ELEMENT_TYPES.float32),
    output: isFloat32 ? output : `${output}/steered`,
  };
  if (method === "nasa") nasa(make, float32);
  else nag(make, float32, opset);
  if (!isFloat32) make.cast(float32.output, elementType, output);
  return make.nodes;
}

/** `Z+ - scale Z-`. */
function nasa(make: NodeList, { positive, negative, output }: Values): void {
  make.op("Sub", [positive, make.op("Mul", [negative, SCALARS.nasa.scale])], [], output);
}

/**
 * `E = Z+ + scale (Z+ - Z-)`, shrunk to at most `tau` times the L1 norm of `Z+`, then
 * `Z+ + alpha (shrink E - Z+)`. In this form a scale or an alpha of 0 gives `Z+` itself.
 */
function nag(make: NodeList, { positive, negative, output }: Values, opset: number): void {
  const { scale, tau, alpha } = SCALARS.nag;
  const norm = (value: string) =>
    opset < AXES_AS_INPUT ? make.op("ReduceL1", [value], [attribute("axes", [-1])]) : make.op("ReduceL1", [value, LAST_AXIS]);
  const largest = (left: string, right: string) => make.op("Where", [make.op("Greater", [left, right]), left, right]);
  const extended = make.op("Add", [positive, make.op("Mul", [make.op("Sub", [positive, negative]), scale])]);
  const ratio = make.op("Div", [norm(extended), largest(norm(positive), NORM_FLOOR)]);
  const shrink = make.op("Div", [tau, largest(ratio, tau)]);
  const step = make.op("Sub", [make.op("Mul", [extended, shrink]), positive]);
  make.op("Add", [positive, make.op("Mul", [step, alpha])], [], output);
}
