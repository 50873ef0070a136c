// Kernel group-norm-apply, dispatched in 64 x 1 x 1 workgroups.
struct Sizes { first_row: u32, count: u32, quads: u32, y_row: u32, y_stride: u32, x_row: u32, x_stride: u32, pixels: u32, factor_quads: u32, activation_kind: u32 }
@group(0) @binding(3) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
fn load_x(index: u32) -> vec4<f32> { return x[index]; }
@group(0) @binding(1) var<storage, read> factors: array<vec4<f32>>;
fn load_factors(index: u32) -> vec4<f32> { return factors[index]; }
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn read_x(row: u32, channel: u32) -> vec4<f32> { return load_x(((row - sizes.x_row) * sizes.x_stride + channel) >> 2u); }
fn activation_1(x: vec4<f32>) -> vec4<f32> {
  return max(x, vec4<f32>(0.0));
}
fn activation_2(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(-x));
}
fn activation_3_erf(x: vec4<f32>) -> vec4<f32> {
  let a = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - poly * exp(-a * a));
}
fn activation_3(x: vec4<f32>) -> vec4<f32> {
  return 0.5 * x * (1.0 + activation_3_erf(x * 0.7071067811865476));
}
fn activation_4(x: vec4<f32>) -> vec4<f32> {
  let u = clamp(0.7978845608028654 * (x + 0.044715 * x * x * x), vec4<f32>(-15.0), vec4<f32>(15.0));
  return 0.5 * x * (1.0 + tanh(u));
}
fn activation_5(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(-1.702 * x));
}
fn activation_6(x: vec4<f32>) -> vec4<f32> {
  return 3.0 * tanh(clamp(x / 3.0, vec4<f32>(-15.0), vec4<f32>(15.0)));
}
fn activation(x: vec4<f32>) -> vec4<f32> {
  switch sizes.activation_kind {
    case 1u: { return activation_1(x); }
    case 2u: { return activation_2(x); }
    case 3u: { return activation_3(x); }
    case 4u: { return activation_4(x); }
    case 5u: { return activation_5(x); }
    case 6u: { return activation_6(x); }
    default: { return x; }
  }
}

// The op itself: four channels of an output row.
fn value(row: u32, channel: u32) -> vec4<f32> {
  let factor = (row / sizes.pixels) * 3u * sizes.factor_quads + (channel >> 2u);
  let centred = read_x(row, channel) - load_factors(factor);
  return activation(centred * load_factors(factor + sizes.factor_quads) + load_factors(factor + 2u * sizes.factor_quads));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let flat_group = group.x + group.y * groups.x;
  // This thread's row of the band, and quad of the row.
  let i = flat_group * 64u + thread;
  if (i >= sizes.count) { return; }
  let row = sizes.first_row + i / sizes.quads;
  store_y((row - sizes.y_row) * sizes.quads + i % sizes.quads, value(row, (i % sizes.quads) * 4u));
}
