// The core of attention as WGSL: an online softmax over keys for a workgroup's queries of one head,
// with no score matrix in memory. Not a kernel: `attention` runs it over one set of keys,
// `cross-attention` over two. GPUs and software adapters get different ones with one interface.
import type { KernelTarget } from "../../kernel";
import { directCore } from "./direct";
import { chooseTile } from "./tile";
import { tiledCore } from "./tiled";

export interface CoreOptions {
  /** Head size over four, rounded up. */
  readonly quads: number;
  /** Key <= token. */
  readonly causal: boolean;
  /** A second set of registers `z`, zero at first, for what is kept between branches. */
  readonly second: boolean;
  /** WGSL for channel quad `quad` of key `key` (in range), as `vec4<f32>`, in the scope of the entry point. */
  readonly readKey: (key: string, quad: string) => string;
  readonly readValue: (key: string, quad: string) => string;
}

/** Where one output quad is: `o` and `z` are assignable, `token` and `quad` its place. */
export interface OutputQuad {
  readonly o: string;
  readonly z: string;
  readonly token: string;
  readonly quad: string;
}

/**
 * Pieces of an entry point that has `id` (workgroup: query tile, head, batch), `local`, `head` and `batch`,
 * `sizes.tokens`, `sizes.quads`, `sizes.scale` (with the factor log2(e)) and `quad_q(row, head, c)`.
 */
export interface Core {
  readonly invocations: number;
  /** Queries of a workgroup. */
  readonly queries: number;
  /** At module scope. */
  readonly declarations: string;
  readonly begin: string;
  /** Softmax over keys `0 .. keyEnd`, a uniform u32, normalised into `o`. In uniform control flow. */
  readonly branch: string;
  /** Statements for every output quad inside the tensor. */
  each(text: (at: OutputQuad) => string): string;
}

export function attentionCore(options: CoreOptions, target: KernelTarget): Core {
  return target.traits.sharesThroughWorkgroupMemory ? tiledCore(options, chooseTile(options.quads, target)) : directCore(options);
}
