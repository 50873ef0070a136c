// Mean and centred square sum, the numerically safe way, as WGSL: each invocation sums
// deviations from the first value it meets, and results merge by Chan, Golub and LeVeque's
// pairwise rule. With n values an invocation the relative error of the square sum is at
// most about n * 2^-24 whatever the mean: |first - mean|^2 <= n * variance.
import type { KernelTarget } from "../kernel";
import { wgsl } from "../wgsl";

/** Invocations of a workgroup, which teams share. */
export const TEAM_WORKGROUP = 64;

/**
 * Invocations that share a row of `length` steps: two steps each or more.
 */
export function teamSize(length: number, target: KernelTarget): number {
  if (!target.traits.normalisesRowsInTeams) return 1;
  let size = 4;
  while (size < TEAM_WORKGROUP && size * 2 < length) size *= 2;
  return size;
}

/**
 * `Moments`, `moments_of`, `merge`, and `reduce(position, value)`, to be called by the whole
 * workgroup: positions with equal remainder by `teams` are merged, and each gets its team's result.
 */
export function momentsWgsl({ lanes, threads, teams }: { lanes: 1 | 4; threads: number; teams: number }): string {
  const value = lanes === 4 ? "vec4<f32>" : "f32";
  return wgsl`
    ${mergeWgsl(value)}

    // From sums of deviations from a first value, and of their squares.
    fn moments_of(count: f32, first: ${value}, sum: ${value}, squares: ${value}) -> Moments {
      let divisor = max(count, 1.0);
      return Moments(count, first + sum / divisor, max(squares - sum * sum / divisor, ${value}(0.0)));
    }

    ${reduceWgsl("Moments", "merge", threads, teams)}
  `;
}

/** `Moments` and `merge` alone, of values of type `value`. */
export function mergeWgsl(value: string): string {
  return wgsl`
    struct Moments { count: f32, mean: ${value}, square: ${value} }

    fn merge(a: Moments, b: Moments) -> Moments {
      let count = a.count + b.count;
      let delta = b.mean - a.mean;
      let part = b.count / max(count, 1.0);
      return Moments(count, a.mean + delta * part, a.square + b.square + delta * delta * (a.count * part));
    }
  `;
}

/** `reduce(position, value)` over a workgroup by halving; see `momentsWgsl`. */
export function reduceWgsl(type: string, merge: string, threads: number, teams: number): string {
  if (teams === threads) return `fn reduce(position: u32, value: ${type}) -> ${type} { return value; }`;
  return wgsl`
    var<workgroup> partial: array<${type}, ${threads}>;

    fn reduce(position: u32, value: ${type}) -> ${type} {
      partial[position] = value;
      for (var span = ${threads / 2}u; span >= ${teams}u; span >>= 1u) {
        workgroupBarrier();
        if (position < span) { partial[position] = ${merge}(partial[position], partial[position + span]); }
      }
      workgroupBarrier();
      return partial[position % ${teams}u];
    }
  `;
}
