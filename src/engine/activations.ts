// Activation functions as WGSL on f32 `vec4`s, and their float64 references.
import type { Activation } from "./ops";
import { assertNever } from "../common/errors";
import { wgsl } from "./wgsl";

/**
 * WGSL functions `NAME(x: vec4<f32>) -> vec4<f32>` for an epilogue; "none" gives the identity.
 * GELU uses Abramowitz and Stegun 7.1.26 for erf: absolute error at most 1.5e-7.
 */
export function activationWgsl(name: string, activation: Activation): string {
  return wgsl`
    ${activation === "gelu" ? erfWgsl(name) : ""}
    fn ${name}(x: vec4<f32>) -> vec4<f32> {
      ${activationBody(activation).replaceAll("ERF", `${name}_erf`)}
    }
  `;
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
      return "let u = clamp(0.7978845608028654 * (x + 0.044715 * x * x * x), vec4<f32>(-15.0), vec4<f32>(15.0));\nreturn 0.5 * x * (1.0 + tanh(u));";
    case "soft-clamp":
      return "return 3.0 * tanh(clamp(x / 3.0, vec4<f32>(-15.0), vec4<f32>(15.0)));";
    default:
      return assertNever(activation);
  }
}

function erfWgsl(name: string): string {
  return wgsl`
    fn ${name}_erf(x: vec4<f32>) -> vec4<f32> {
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
  /** The statement that applies it to a variable; empty where it is the identity. */
  assign(variable: string): string;
}

const ALL = ["none", "relu", "silu", "gelu", "gelu-tanh", "quick-gelu", "soft-clamp"] as const satisfies readonly Activation[];

/**
 * The function `name`, fixed in the text, or chosen by `sizes.NAME_kind` at run time, so that
 * one pipeline serves every activation.
 */
export function activationText(name: string, activation: Activation, atRunTime: boolean): ActivationText {
  if (!atRunTime && activation === "none") return { declaration: "", sizes: {}, apply: (value) => value, assign: () => "" };
  const apply = (value: string) => `${name}(${value})`;
  const assign = (variable: string) => `${variable} = ${apply(variable)};`;
  if (!atRunTime) return { declaration: activationWgsl(name, activation), sizes: {}, apply, assign };
  const kind = `${name}_kind`;
  const choices = ALL.slice(1).map((each, index) => ({ each, number: index + 1 }));
  const declaration = wgsl`
    ${choices.map(({ each, number }) => activationWgsl(`${name}_${number}`, each)).join("\n")}
    fn ${name}(x: vec4<f32>) -> vec4<f32> {
      switch sizes.${kind} {
        ${choices.map(({ number }) => `case ${number}u: { return ${name}_${number}(x); }`).join("\n")}
        default: { return x; }
      }
    }
  `;
  return { declaration, sizes: { [kind]: ALL.indexOf(activation) }, apply, assign };
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
