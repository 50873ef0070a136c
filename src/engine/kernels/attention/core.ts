// The core of attention as WGSL: an online softmax over keys for a workgroup's queries of one head,
// with no score matrix in memory. Not a kernel: `attention` runs it over one set of keys,
// `cross-attention` over two. There are two cores with this one interface: tiled.ts and direct.ts.
import { unroll, wgsl } from "../../wgsl";
import type { Tile } from "./tile";

/** WGSL for channel quad `quad` of key `key` (in range), as `vec4<f32>`, in the scope of the entry point. */
export interface KeySource {
  readonly key: (key: string, quad: string) => string;
  readonly value: (key: string, quad: string) => string;
}

export interface CoreOptions {
  /** Head size over four, rounded up. */
  readonly quads: number;
  /** Key <= token. */
  readonly causal: boolean;
  /** A second set of registers `kept`, zero at first, for what is kept between branches. */
  readonly second: boolean;
  /** Where keys and values come from: one place, or two, of which `branch` (0 or 1, uniform) says which. */
  readonly sources: readonly [KeySource, KeySource?];
  /** Changes what single keys count; absent where all count alike. */
  readonly perKey?: PerKey | undefined;
  /** Tiled cores: queries are projected by the workgroup itself, not read. */
  readonly projection?: QueryProjection | undefined;
}

/** WGSL expressions of what is done to single keys. */
export interface PerKey {
  /** f32, added to the scores of every key of a set, with the factor log2(e). */
  readonly bias?: string;
  /** `vec4<f32>` by which the values of four neighbouring keys count, `key` the first of them; past the end they may be any. */
  readonly factors: (key: string) => string;
}

/** WGSL that fills `staged_q` with a tile's queries, scaled. */
export interface QueryProjection {
  /** At module scope. */
  declarations(tile: Tile): string;
  /** Statements in uniform control flow, which may use `staged_q` for themselves before. */
  stage(tile: Tile): string;
}

/**
 * Declares `count` values `name(i)` and reads them. All are asked for together, under one branch where there are two
 * sources, so that memory is waited for once.
 */
export function readEach(
  [first, second]: CoreOptions["sources"],
  count: number,
  name: (i: number) => string,
  read: (source: KeySource, i: number) => string,
): string {
  if (!second) return unroll(count, (i) => `let ${name(i)} = ${read(first, i)};`);
  const from = (source: KeySource) => unroll(count, (i) => `${name(i)} = ${read(source, i)};`);
  return wgsl`
    ${unroll(count, (i) => `var ${name(i)}: vec4<f32>;`)}
    if (branch == 0u) {
      ${from(first)}
    } else {
      ${from(second)}
    }
  `;
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
 * `sizes.tokens`, `sizes.quads`, `sizes.scale` (with the factor log2(e)) and, without a projection, `quad_q(row, head, quad)`.
 */
export interface Core {
  /** Invocations of a workgroup. */
  readonly threads: number;
  /** Queries of a workgroup. */
  readonly queries: number;
  /** At module scope. */
  readonly declarations: string;
  readonly begin: string;
  /** Begins a softmax. This and the next two in uniform control flow, in one scope or in scopes within it. */
  readonly fresh: string;
  /** Adds the keys `0 .. key_end`, a uniform u32, of a set to it: once, or for each set. */
  readonly keys: string;
  /** Normalises it into `output`. */
  readonly finish: string;
  /** Statements for every output quad inside the tensor. */
  each(text: (at: OutputQuad) => string): string;
}

/** Below any score, finite: exp2 of the difference to a real score is 0, to itself 1, never NaN. */
export const LOWEST = "-3.0e38";
