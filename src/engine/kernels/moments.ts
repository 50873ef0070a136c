// Mean and centred square sum, the numerically safe way, as WGSL: each invocation sums
// deviations from the first value it meets, and results merge by Chan, Golub and LeVeque's
// pairwise rule. With n values an invocation the relative error of the square sum is at
// most about n * 2^-24 whatever the mean: |first - mean|^2 <= n * variance.

/**
 * `Moments`, `moments_of`, `merge`, and `reduce(position, value)`, to be called by the whole
 * workgroup: positions with equal remainder by `teams` are merged, and each gets its team's result.
 */
export function momentsWgsl({ lanes, invocations, teams }: { lanes: 1 | 4; invocations: number; teams: number }): string {
  const value = lanes === 4 ? "vec4<f32>" : "f32";
  return `
struct Moments { count: f32, mean: ${value}, square: ${value} }
var<workgroup> shared_moments: array<Moments, ${invocations}>;

fn moments_of(count: f32, first: ${value}, sum: ${value}, squares: ${value}) -> Moments {
  let divisor = max(count, 1.0);
  return Moments(count, first + sum / divisor, max(squares - sum * sum / divisor, ${value}(0.0)));
}

fn merge(a: Moments, b: Moments) -> Moments {
  let count = a.count + b.count;
  let delta = b.mean - a.mean;
  let part = b.count / max(count, 1.0);
  return Moments(count, a.mean + delta * part, a.square + b.square + delta * delta * (a.count * part));
}

fn reduce(position: u32, value: Moments) -> Moments {
  shared_moments[position] = value;
  for (var span = ${invocations / 2}u; span >= ${teams}u; span >>= 1u) {
    workgroupBarrier();
    if (position < span) { shared_moments[position] = merge(shared_moments[position], shared_moments[position + span]); }
  }
  workgroupBarrier();
  return shared_moments[position % ${teams}u];
}
`;
}
