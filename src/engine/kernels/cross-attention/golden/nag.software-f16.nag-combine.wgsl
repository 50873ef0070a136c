// Kernel nag-combine, dispatched in 256 x 1 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, units: u32, branchesStride: u32, yStride: u32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> branches: array<vec4<f16>>;
fn load_branches(index: u32) -> vec4<f32> { return vec4<f32>(branches[index]); }
@group(0) @binding(1) var<storage, read> steering: array<f32>;
fn load_steering(index: u32) -> f32 { return steering[index]; }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }


const INVOCATIONS = 8u;
var<workgroup> norms: array<vec2<f32>, 8>; // |Z~|, |Z+|

fn length1(value: vec4<f32>) -> f32 { return dot(abs(value), vec4<f32>(1.0)); }

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) count: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let row = flat_workgroup(id, count);
  if (row >= sizes.rows) { return; }
  let plus = row * sizes.branchesStride;
  let minus = plus + sizes.units;
  let phi = load_steering(3u);
  let tau = load_steering(4u);
  let alpha = load_steering(5u);
  // The row's padding, if any, is written too: with zeros.
  if (load_steering(1u) == 0.0 || phi == 0.0) {
    for (var c = local; c < sizes.yStride; c += INVOCATIONS) {
      store_y(row * sizes.yStride + c, select(vec4<f32>(0.0), load_branches(plus + c), c < sizes.units));
    }
    return;
  }
  var sums = vec2<f32>(0.0);
  for (var c = local; c < sizes.units; c += INVOCATIONS) {
    let z = load_branches(plus + c);
    let guided = z + phi * (z - load_branches(minus + c));
    sums += vec2<f32>(length1(guided), length1(z));
  }
  norms[local] = sums;
  workgroupBarrier();
  for (var half = INVOCATIONS / 2u; half > 0u; half /= 2u) {
    if (local < half) { norms[local] += norms[local + half]; }
    workgroupBarrier();
  }
  let ratio = norms[0].x / max(norms[0].y, 0.000001);
  let shrink = select(1.0, tau / ratio, ratio > tau);
  for (var c = local; c < sizes.yStride; c += INVOCATIONS) {
    let z = load_branches(plus + c);
    let guided = z + phi * (z - load_branches(minus + c));
    store_y(row * sizes.yStride + c, select(vec4<f32>(0.0), z + alpha * (shrink * guided - z), c < sizes.units));
  }
}

