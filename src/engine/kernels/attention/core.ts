// The core of attention as WGSL: an online softmax over keys for a workgroup's queries of one head,
// with no score matrix in memory. Not a kernel: `attention` runs it over one set of keys,
// `cross-attention` over two. There are two cores with this one interface: tiled.ts and direct.ts.

export interface CoreOptions {
  /** Head size over four, rounded up. */
  readonly quads: number;
  /** Key <= token. */
  readonly causal: boolean;
  /** A second set of registers `kept`, zero at first, for what is kept between branches. */
  readonly second: boolean;
  /** WGSL for channel quad `quad` of key `key` (in range), as `vec4<f32>`, in the scope of the entry point. */
  readonly readKey: (key: string, quad: string) => string;
  readonly readValue: (key: string, quad: string) => string;
}

/** Where one output quad is: `output` and `kept` are assignable, `token` and `quad` its place. */
export interface OutputQuad {
  readonly output: string;
  readonly kept: string;
  readonly token: string;
  readonly quad: string;
}

/**
 * Pieces of an entry point that has `group` (query tile, head, batch), `thread`, `head` and `batch`,
 * `sizes.tokens`, `sizes.quads`, `sizes.scale` (with the factor log2(e)) and `quad_q(row, head, quad)`.
 */
export interface Core {
  /** Invocations of a workgroup. */
  readonly threads: number;
  /** Queries of a workgroup. */
  readonly queries: number;
  /** At module scope. */
  readonly declarations: string;
  readonly begin: string;
  /** Softmax over keys `0 .. key_end`, a uniform u32, normalised into `output`. In uniform control flow. */
  readonly branch: string;
  /** Statements for every output quad inside the tensor. */
  each(text: (at: OutputQuad) => string): string;
}

/** Below any score, finite: exp2 of the difference to a real score is 0, to itself 1, never NaN. */
export const LOWEST = "-3.0e38";
