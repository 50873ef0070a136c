// Made-up numbers: inputs, and weights of networks that no checkpoint is needed for. They are float16 numbers in both engines.
import { fromFloat16, toFloat16 } from "../../common/float16";
import type { Shape } from "../../engine/tensor";
import { product } from "../../engine/tensor";

/** Deterministic, roughly normal (sum of four uniforms, unit variance times `scale`), rounded to float16. */
export function normals(count: number, seed: number, scale = 1): Float32Array<ArrayBuffer> {
  let state = (seed * 0x9e3779b1) >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () =>
    roundToFloat16((uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3) * scale),
  );
}

export function roundToFloat16(value: number): number {
  return fromFloat16(toFloat16(value));
}

interface Values {
  readonly floats: Float32Array<ArrayBuffer>;
  readonly halves: Uint16Array<ArrayBuffer>;
}

/** Length of a list of numbers: a prime, so that no row of a matrix is another one's copy. */
const LIST_LENGTH = 262_147;

/**
 * Tensors of a checkpoint that keep activations about as large as they are: products are scaled by their inputs, norms scale by about 1.
 * All are cut from a few lists, each from a place of its own, because large networks have more weights than can be made up one by one.
 */
export class MadeUpWeights {
  readonly #lists = new Map<string, Values>();

  floats(key: string, shape: Shape): Float32Array<ArrayBuffer> {
    const { floats } = this.#list(key, shape);
    return repeated(floats, new Float32Array(product(shape)), placeOf(key));
  }

  /** The same as float16 bits. */
  halves(key: string, shape: Shape): Uint16Array<ArrayBuffer> {
    const { halves } = this.#list(key, shape);
    return repeated(halves, new Uint16Array(product(shape)), placeOf(key));
  }

  #list(key: string, shape: Shape): Values {
    const isNorm = shape.length === 1 && key.endsWith(".weight");
    const scale = shape.length === 1 ? 0.125 : 2 ** -Math.round(Math.log2(product(shape.slice(1))) / 2);
    const id = `${scale}/${isNorm}`;
    const known = this.#lists.get(id);
    if (known !== undefined) return known;
    const drawn = normals(LIST_LENGTH, 1 + this.#lists.size, scale);
    const floats = isNorm ? drawn.map((value) => roundToFloat16(1 + value)) : drawn;
    const list = { floats, halves: Uint16Array.from(floats, toFloat16) };
    this.#lists.set(id, list);
    return list;
  }
}

function placeOf(key: string): number {
  let hash = 0;
  for (const character of key) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % LIST_LENGTH;
}

/** Fills `into` from a list, again and again from its beginning. */
function repeated<T extends Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(list: T, into: T, place: number): T {
  let from = place;
  for (let at = 0; at < into.length; from = 0) {
    const part = list.subarray(from, from + into.length - at);
    into.set(part, at);
    at += part.length;
  }
  return into;
}
