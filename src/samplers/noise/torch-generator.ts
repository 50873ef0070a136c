// `torch.randn` with a CPU generator, value for value (to float32 rounding), so that a seed
// means the same here as in diffusers and ComfyUI. The state goes on from draw to draw.
import { MersenneTwister } from "./mersenne-twister";

/** Values come in blocks of eight radii, then eight angles. */
const BLOCK = 16;
const HALF = BLOCK / 2;

export class TorchGenerator {
  readonly #twister: MersenneTwister;
  /** The second value of the last scalar Box-Muller pair, if it has not been used yet. */
  #spare: number | undefined;

  /** @param seed unsigned 64-bit; torch uses the low 32 bits */
  constructor(seed: bigint) {
    this.#twister = new MersenneTwister(Number(BigInt.asUintN(32, seed)));
  }

  /**
   * `torch.randn(shape)` flattened in row-major order.
   * @param count product of the shape
   */
  randn(count: number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(count);
    if (count < BLOCK) {
      for (let i = 0; i < count; i++) values[i] = this.#normal();
      return values;
    }
    for (let i = 0; i < count; i++) values[i] = this.#uniform();
    for (let i = 0; i + BLOCK <= count; i += BLOCK) boxMuller(values.subarray(i, i + BLOCK));
    if (count % BLOCK !== 0) {
      // The tail is not a short block: the reference draws the last sixteen values again.
      const tail = values.subarray(count - BLOCK);
      for (let i = 0; i < BLOCK; i++) tail[i] = this.#uniform();
      boxMuller(tail);
    }
    return values;
  }

  /** Uniform in [0, 1) with 24 bits. */
  #uniform(): number {
    return (this.#twister.next() & 0xffffff) / 2 ** 24;
  }

  /** Uniform in [0, 1) with 53 bits; the high word is drawn first. */
  #uniform53(): number {
    const high = this.#twister.next() & 0x1fffff;
    return (high * 2 ** 32 + this.#twister.next()) / 2 ** 53;
  }

  #normal(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    const angle = 2 * Math.PI * this.#uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform53()));
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** Turns sixteen uniforms into sixteen normals in place: values j and j + 8 are a pair. */
function boxMuller(block: Float32Array): void {
  for (let j = 0; j < HALF; j++) {
    const radius = Math.sqrt(-2 * Math.log(1 - (block[j] ?? 0)));
    const angle = 2 * Math.PI * (block[j + HALF] ?? 0);
    block[j] = radius * Math.cos(angle);
    block[j + HALF] = radius * Math.sin(angle);
  }
}
