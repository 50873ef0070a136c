// Problems of steered cross-attention, what the kernel makes of them, and what is right in float64.
import type { SteeringMethod } from "../../../../common/steering";
import { nag, nasa, vsf, type Seen } from "../../../../steering/reference";
import { STEERING_FIELDS, signsOf } from "../../../steering-input";
import { evaluate, random, type EvaluateOptions } from "../../../testing/evaluate";
import { attentionReference, type Packed } from "../../attention/reference";

/** q, and k and v of both texts, `[batch, rows, heads * headSize]`; key counts may stay below the rows. */
export interface Problem {
  readonly batch: number;
  /** 1 where one text serves the batch. Default: a text for each element. */
  readonly textBatch?: number;
  readonly tokens: number;
  readonly heads: number;
  readonly headSize: number;
  readonly capacity: number;
  readonly negativeCapacity: number;
  readonly positiveKeys: number;
  readonly negativeKeys: number;
}

type Arrays = Readonly<Record<"q" | "k" | "v" | "negativeK" | "negativeV", Float32Array>>;

interface Steering {
  readonly nasaScale?: number;
  readonly phi?: number;
  readonly tau?: number;
  readonly alpha?: number;
  readonly vsfScale?: number;
  readonly offset?: number;
  /** Every which token of both texts counts negatively; none if not given. */
  readonly turned?: number;
}

/** What the dials are at where a test does not say. */
export const DEFAULTS = { nasaScale: 0.5, phi: 2, tau: 2.5, alpha: 0.5, vsfScale: 1.5, offset: 0.5 };

export function arrays(problem: Problem): Arrays {
  const channels = problem.heads * problem.headSize;
  const { batch, textBatch = batch, tokens, capacity, negativeCapacity } = problem;
  const ofText = (count: number, seed: number) => random(textBatch * count * channels, seed);
  return {
    q: random(batch * tokens * channels, 1),
    k: ofText(capacity, 2),
    v: ofText(capacity, 3),
    negativeK: ofText(negativeCapacity, 4),
    negativeV: ofText(negativeCapacity, 5),
  };
}

export async function attend(
  problem: Problem,
  data: Arrays,
  method: SteeringMethod | "plain",
  steering: Steering = {},
  options: EvaluateOptions = {},
): Promise<ArrayLike<number>> {
  const { batch, textBatch = batch, tokens, heads, headSize, capacity, negativeCapacity } = problem;
  const channels = heads * headSize;
  const { y } = await evaluate(
    (g) => {
      const rows = (name: string, count: number) => g.input(name, [textBatch, count, channels], "run");
      const q = g.input("q", [batch, tokens, channels], "run");
      const positive = { k: rows("k", capacity), v: rows("v", capacity) };
      const negative = { k: rows("negativeK", negativeCapacity), v: rows("negativeV", negativeCapacity) };
      const dials = g.input("steering", [1, steeringOf(problem, steering).length], "run", "f32");
      const attended =
        method === "plain"
          ? g.attention(q, positive.k, positive.v, { heads, headSize })
          : g.crossAttention(q, positive, negative, dials, { heads, headSize, method });
      g.output("y", attended);
    },
    { inputs: { ...data, steering: steeringOf(problem, steering) } },
    options,
  );
  return y ?? [];
}

/** As steering-input.ts packs it, but for texts with room of their own. */
function steeringOf(problem: Problem, steering: Steering): Float32Array<ArrayBuffer> {
  const { nasaScale, phi, tau, alpha, vsfScale, offset, turned } = { ...DEFAULTS, turned: undefined, ...steering };
  const { capacity, negativeCapacity, positiveKeys, negativeKeys } = problem;
  const fields = new Float32Array(STEERING_FIELDS.signs + signsOf(capacity) + signsOf(negativeCapacity)).fill(1);
  fields.set([positiveKeys, negativeKeys, nasaScale, phi, tau, alpha, vsfScale, offset]);
  for (const [begin, keys] of [
    [STEERING_FIELDS.signs, capacity],
    [STEERING_FIELDS.signs + signsOf(capacity), negativeCapacity],
  ] as const)
    for (let key = 0; key < keys; key++) fields[begin + key] = signOf(key, turned);
  return fields;
}

function signOf(key: number, turned: number | undefined): 1 | -1 {
  return turned !== undefined && key % turned === turned - 1 ? -1 : 1;
}

/** A text for each element, where one serves all. */
function repeatedTexts(problem: Problem, data: Arrays): Arrays {
  if (problem.textBatch === undefined) return data;
  const repeated = (values: Float32Array) =>
    Float32Array.from({ length: problem.batch * values.length }, (_, i) => values[i % values.length] ?? NaN);
  const { q, k, v, negativeK, negativeV } = data;
  return { q, k: repeated(k), v: repeated(v), negativeK: repeated(negativeK), negativeV: repeated(negativeV) };
}

/** What a prompt with negative weights is to plain attention: values times their signs. */
function signed(problem: Problem, data: Arrays, turned: number | undefined): Arrays {
  const channels = problem.heads * problem.headSize;
  const times = (values: Float32Array, rows: number) => values.map((value, i) => value * signOf(Math.floor(i / channels) % rows, turned));
  return { ...data, v: times(data.v, problem.capacity), negativeV: times(data.negativeV, problem.negativeCapacity) };
}

function packed(problem: Problem, data: Arrays): { readonly [Name in keyof Arrays]: Packed } {
  const { heads, headSize, tokens, capacity, negativeCapacity } = problem;
  const pack = (name: keyof Arrays, rows: number): Packed => ({
    values: data[name],
    rows,
    channels: heads * headSize,
    layout: { offset: 0, headStride: headSize },
  });
  return {
    q: pack("q", tokens),
    k: pack("k", capacity),
    v: pack("v", capacity),
    negativeK: pack("negativeK", negativeCapacity),
    negativeV: pack("negativeV", negativeCapacity),
  };
}

/** Z+ and Z-, `[batch, tokens, heads * headSize]` each. */
export function branches(problem: Problem, data: Arrays): readonly [Float64Array, Float64Array] {
  const { q, k, v, negativeK, negativeV } = packed(problem, data);
  const shape = { ...problem, scale: 1 / Math.sqrt(problem.headSize) };
  return [
    attentionReference(q, k, v, { ...shape, keys: problem.positiveKeys }),
    attentionReference(q, negativeK, negativeV, { ...shape, keys: problem.negativeKeys }),
  ];
}

export function expected(problem: Problem, given: Arrays, method: SteeringMethod, steering: Steering = {}): Float64Array {
  const data = repeatedTexts(problem, given);
  const { nasaScale, phi, tau, alpha, turned } = { ...DEFAULTS, turned: undefined, ...steering };
  if (method === "vsf") return oneSoftmax(problem, data, { ...DEFAULTS, ...steering });
  const [plus, minus] = branches(problem, signed(problem, data, turned));
  if (method === "nasa") return nasa(plus, minus, { method, scale: nasaScale });
  return nag(plus, minus, problem.heads * problem.headSize, { method, scale: phi, tau, alpha });
}

/** VSF of every query of every head. */
function oneSoftmax(
  problem: Problem,
  data: Arrays,
  { vsfScale, offset, turned }: Steering & { vsfScale: number; offset: number },
): Float64Array {
  const { batch, tokens, heads, headSize, capacity, negativeCapacity, positiveKeys, negativeKeys } = problem;
  const at = (values: Float32Array, row: number, head: number): readonly number[] =>
    Array.from(values.subarray((row * heads + head) * headSize, (row * heads + head + 1) * headSize));
  const rows = Array.from({ length: batch * tokens * heads }, (_, i) => {
    const [head, token, b] = [i % heads, Math.floor(i / heads) % tokens, Math.floor(i / heads / tokens)];
    const q = at(data.q, b * tokens + token, head);
    const seen = (k: Float32Array, v: Float32Array, room: number, keys: number): readonly Seen[] =>
      Array.from({ length: keys }, (_key, key) => ({
        score: at(k, b * room + key, head).reduce((sum, x, c) => sum + x * (q[c] ?? Number.NaN), 0) / Math.sqrt(headSize),
        value: at(v, b * room + key, head),
        sign: signOf(key, turned),
      }));
    return [
      ...vsf(seen(data.k, data.v, capacity, positiveKeys), seen(data.negativeK, data.negativeV, negativeCapacity, negativeKeys), {
        method: "vsf",
        scale: vsfScale,
        offset,
      }),
    ];
  });
  return Float64Array.from(rows.flat());
}
