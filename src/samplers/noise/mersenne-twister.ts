// MT19937 (Matsumoto and Nishimura, 1998), the generator behind torch's CPU seeds.
// It has 624 words of state and 32-bit outputs.

const SIZE = 624;
const SHIFT = 397;

export class MersenneTwister {
  readonly #state = new Uint32Array(SIZE);
  #index = SIZE;

  /** @param seed unsigned 32-bit */
  constructor(seed: number) {
    const state = this.#state;
    let previous = seed >>> 0;
    state[0] = previous;
    for (let i = 1; i < SIZE; i++) {
      previous = (Math.imul(previous ^ (previous >>> 30), 1812433253) + i) >>> 0;
      state[i] = previous;
    }
  }

  /** The next unsigned 32-bit integer. */
  next(): number {
    if (this.#index === SIZE) this.#twist();
    let y = this.#state[this.#index++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < SIZE; i++) {
      const y = ((state[i] ?? 0) & 0x80000000) | ((state[(i + 1) % SIZE] ?? 0) & 0x7fffffff);
      state[i] = (state[(i + SHIFT) % SIZE] ?? 0) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }
}
