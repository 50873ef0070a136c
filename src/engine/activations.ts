// Activation functions as WGSL on f32 `vec4`s, and their float64 references.
import type { Activation } from "./ops";
import { assertNever } from "../errors";

/**
 * WGSL functions `NAME(x: vec4<f32>) -> vec4<f32>` for an epilogue; "none" gives the identity.
 * GELU uses Abramowitz and Stegun 7.1.26 for erf: absolute error at most 1.5e-7.
 */
export function activationWgsl(name: string, activation: Activation): string {
  const body = activationBody(activation);
  const helper = activation === "gelu" ? erfWgsl(name) : "";
  return `${helper}fn ${name}(x: vec4<f32>) -> vec4<f32> { ${body.replaceAll("ERF", `${name}_erf`)} }\n`;
}

function activationBody(activation: Activation): string {
  switch (activation) {
    case "none":
      return "return x;";
    case "relu":
      return "return max(x, vec4<f32>(0.0));";
    case "silu":
      return "return x / (1.0 + exp(-x));";
    case "quick-gelu":
      return "return x / (1.0 + exp(-1.702 * x));";
    case "gelu":
      return "return 0.5 * x * (1.0 + ERF(x * 0.7071067811865476));";
    case "gelu-tanh":
      return "let u = clamp(0.7978845608028654 * (x + 0.044715 * x * x * x), vec4<f32>(-15.0), vec4<f32>(15.0)); return 0.5 * x * (1.0 + tanh(u));";
    case "soft-clamp":
      return "return 3.0 * tanh(clamp(x / 3.0, vec4<f32>(-15.0), vec4<f32>(15.0)));";
    default:
      return assertNever(activation);
  }
}

function erfWgsl(name: string): string {
  return `fn ${name}_erf(x: vec4<f32>) -> vec4<f32> {
  let a = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - poly * exp(-a * a));
}
`;
}

/** An activation in a kernel's text, with the size that chooses it where it is chosen at run time. */
export interface ActivationText {
  readonly declaration: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** WGSL of the activation of a `vec4<f32>` expression. */
  apply(value: string): string;
}

const ALL = ["none", "relu", "silu", "gelu", "gelu-tanh", "quick-gelu", "soft-clamp"] as const satisfies readonly Activation[];

/**
 * The function `name`, fixed in the text, or chosen by `sizes.NAME_kind` at run time, so that
 * one pipeline serves every activation.
 */
export function activationText(name: string, activation: Activation, atRunTime: boolean): ActivationText {
  if (!atRunTime) {
    const none = activation === "none";
    return {
      declaration: none ? "" : activationWgsl(name, activation),
      sizes: {},
      apply: (value) => (none ? value : `${name}(${value})`),
    };
  }
  const kind = `${name}_kind`;
  const cases = ALL.slice(1).map((_, index) => `    case ${index + 1}u: { return ${name}_${index + 1}(x); }`);
  return {
    declaration: `${ALL.slice(1)
      .map((each, index) => activationWgsl(`${name}_${index + 1}`, each))
      .join("")}fn ${name}(x: vec4<f32>) -> vec4<f32> {
  switch sizes.${kind} {
${cases.join("\n")}
    default: { return x; }
  }
}
`,
    sizes: { [kind]: ALL.indexOf(activation) },
    apply: (value) => `${name}(${value})`,
  };
}

/** The same functions in float64. */
export function activate(activation: Activation, x: number): number {
  switch (activation) {
    case "none":
      return x;
    case "relu":
      return Math.max(x, 0);
    case "silu":
      return x / (1 + Math.exp(-x));
    case "quick-gelu":
      return x / (1 + Math.exp(-1.702 * x));
    case "gelu":
      return 0.5 * x * (1 + erf(x / Math.SQRT2));
    case "gelu-tanh":
      return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case "soft-clamp":
      return 3 * Math.tanh(x / 3);
    default:
      return assertNever(activation);
  }
}

/** Error function by its Maclaurin series (|x| < 3) and continued fraction; relative error below 1e-14. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a >= 6) return Math.sign(x);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k >= 1; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}
