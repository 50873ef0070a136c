// Kernel nag-combine, dispatched in 256 x 1 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, units: u32, branches_stride: u32, y_stride: u32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> branches: array<vec4<f16>>;
fn load_branches(index: u32) -> vec4<f32> { return vec4<f32>(branches[index]); }
@group(0) @binding(1) var<storage, read> steering: array<f32>;
fn load_steering(index: u32) -> f32 { return steering[index]; }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

var<workgroup> norms: array<vec2<f32>, 64>; // |Z~|, |Z+|

fn length_of(value: vec4<f32>) -> f32 { return dot(abs(value), vec4<f32>(1.0)); }

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let flat_group = group.x + group.y * groups.x;
  let row = flat_group;
  if (row >= sizes.rows) { return; }
  let plus = row * sizes.branches_stride;
  let minus = plus + sizes.units;
  let phi = load_steering(3u);
  let tau = load_steering(4u);
  let alpha = load_steering(5u);

  // Nothing to leave out: copy Z+. The row's padding, if any, is written too, with zeros.
  if (load_steering(1u) == 0.0 || phi == 0.0) {
    for (var unit = thread; unit < sizes.y_stride; unit += 64u) {
      store_y(row * sizes.y_stride + unit, select(vec4<f32>(0.0), load_branches(plus + unit), unit < sizes.units));
    }
    return;
  }

  // The norms of the guided and of the positive branch, over the whole row.
  var sums = vec2<f32>(0.0);
  for (var unit = thread; unit < sizes.units; unit += 64u) {
    let positive = load_branches(plus + unit);
    let guided = positive + phi * (positive - load_branches(minus + unit));
    sums += vec2<f32>(length_of(guided), length_of(positive));
  }
  norms[thread] = sums;
  workgroupBarrier();
  for (var half = 64u / 2u; half > 0u; half /= 2u) {
    if (thread < half) { norms[thread] += norms[thread + half]; }
    workgroupBarrier();
  }

  // Shrink what became too long, blend, store.
  let ratio = norms[0].x / max(norms[0].y, 0.000001);
  let shrink = select(1.0, tau / ratio, ratio > tau);
  for (var unit = thread; unit < sizes.y_stride; unit += 64u) {
    let positive = load_branches(plus + unit);
    let guided = positive + phi * (positive - load_branches(minus + unit));
    let blended = positive + alpha * (shrink * guided - positive);
    store_y(row * sizes.y_stride + unit, select(vec4<f32>(0.0), blended, unit < sizes.units));
  }
}
