// Kernel linear, dispatched in 80 x 8 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, weight_quads: u32, slices: u32, x_quads: u32, output_quads: u32, activate_kind: u32 }
@group(0) @binding(4) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> weight: array<vec4<f16>>;
fn load_weight(index: u32) -> vec4<f32> { return vec4<f32>(weight[index]); }
@group(0) @binding(2) var<storage, read> bias: array<vec4<f16>>;
fn load_bias(index: u32) -> vec4<f32> { return vec4<f32>(bias[index]); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn activate_1(x: vec4<f32>) -> vec4<f32> {
  return max(x, vec4<f32>(0.0));
}
fn activate_2(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(-x));
}
fn activate_3_erf(x: vec4<f32>) -> vec4<f32> {
  let a = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - poly * exp(-a * a));
}
fn activate_3(x: vec4<f32>) -> vec4<f32> {
  return 0.5 * x * (1.0 + activate_3_erf(x * 0.7071067811865476));
}
fn activate_4(x: vec4<f32>) -> vec4<f32> {
  let u = clamp(0.7978845608028654 * (x + 0.044715 * x * x * x), vec4<f32>(-15.0), vec4<f32>(15.0));
  return 0.5 * x * (1.0 + tanh(u));
}
fn activate_5(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(-1.702 * x));
}
fn activate_6(x: vec4<f32>) -> vec4<f32> {
  return 3.0 * tanh(clamp(x / 3.0, vec4<f32>(-15.0), vec4<f32>(15.0)));
}
fn activate(x: vec4<f32>) -> vec4<f32> {
  switch sizes.activate_kind {
    case 1u: { return activate_1(x); }
    case 2u: { return activate_2(x); }
    case 3u: { return activate_3(x); }
    case 4u: { return activate_4(x); }
    case 5u: { return activate_5(x); }
    case 6u: { return activate_6(x); }
    default: { return x; }
  }
}
// What becomes of four sums before they are stored.
fn finish(row: u32, quad: u32, value: vec4<f32>, gate: vec4<f32>) {
  let value_sum = value + load_bias(2u * quad);
  let gate_sum = gate + load_bias(2u * quad + 1u);
  var result = value_sum * activate(gate_sum);
  let index = row * sizes.output_quads + quad;
  store_y(index, result);
}

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // This thread's block of results: rows of A, quads of W's columns. Past the end, the last are read again.
  let first_row = group.y * 8u + thread / 4u * 2u;
  let first_quad = (group.x * 4u + thread % 4u) * 2u;
  let quad_0 = min(first_quad + 0u, sizes.weight_quads - 1u);
  let quad_1 = min(first_quad + 1u, sizes.weight_quads - 1u);
  var rows: array<u32, 2>;
  for (var i = 0u; i < 2u; i++) {
    let row = min(first_row + i, sizes.rows - 1u);
    rows[i] = row;
  }
  var sum_0_0 = vec4<f32>(0.0);
  var sum_0_1 = vec4<f32>(0.0);
  var sum_1_0 = vec4<f32>(0.0);
  var sum_1_1 = vec4<f32>(0.0);

  for (var segment = 0u; segment < 1u; segment++) {
    // Find the segment in A and in W.
    let segment_quads = sizes.x_quads;
    let weight_row = 0u;
    var at: array<u32, 2>;
    for (var i = 0u; i < 2u; i++) {
      at[i] = rows[i] * segment_quads;
    }
    let at_0 = at[0];
    let at_1 = at[1];
    for (var quad = 0u; quad < segment_quads; quad++) {
      // Read four rows of W: four columns at a time, a matrix.
      let w_begin = (weight_row + 4u * quad) * sizes.weight_quads;
      let w_0_0 = load_weight(w_begin + 0u * sizes.weight_quads + quad_0);
      let w_0_1 = load_weight(w_begin + 0u * sizes.weight_quads + quad_1);
      let w_1_0 = load_weight(w_begin + 1u * sizes.weight_quads + quad_0);
      let w_1_1 = load_weight(w_begin + 1u * sizes.weight_quads + quad_1);
      let w_2_0 = load_weight(w_begin + 2u * sizes.weight_quads + quad_0);
      let w_2_1 = load_weight(w_begin + 2u * sizes.weight_quads + quad_1);
      let w_3_0 = load_weight(w_begin + 3u * sizes.weight_quads + quad_0);
      let w_3_1 = load_weight(w_begin + 3u * sizes.weight_quads + quad_1);
      let w_0 = mat4x4<f32>(w_0_0, w_1_0, w_2_0, w_3_0);
      let w_1 = mat4x4<f32>(w_0_1, w_1_1, w_2_1, w_3_1);
      // Multiply them by four channels of each row of A.
      let a_0 = load_x(at_0 + quad);
      sum_0_0 += w_0 * a_0;
      sum_0_1 += w_1 * a_0;
      let a_1 = load_x(at_1 + quad);
      sum_1_0 += w_0 * a_1;
      sum_1_1 += w_1 * a_1;
    }
  }

  // Finish and store, in a loop: an unrolled one compiles slowly.
  var sums = array<vec4<f32>, 4>(sum_0_0, sum_0_1, sum_1_0, sum_1_1);
  for (var index = 0u; index < 4u; index += 2u) {
    let row = first_row + index / 2u;
    let quad = first_quad + index % 2u;
    if (row < sizes.rows && quad < sizes.weight_quads) {
      finish(row, quad / 2u, sums[index], sums[index + 1u]);
    }
  }
}
