// Kernel linear, dispatched in 10 x 2048 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, weight_quads: u32, slices: u32, x_quads: u32, output_quads: u32, activate_kind: u32 }
@group(0) @binding(5) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> weight: array<u32>;
fn load_weight(index: u32) -> u32 { return weight[index]; }
@group(0) @binding(2) var<storage, read> scales: array<vec4<f16>>;
fn load_scales(index: u32) -> vec4<f32> { return vec4<f32>(scales[index]); }
@group(0) @binding(3) var<storage, read> bias: array<vec4<f16>>;
fn load_bias(index: u32) -> vec4<f32> { return vec4<f32>(bias[index]); }
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

// Four signed bytes, the lowest first.
fn signed_bytes(word: u32) -> vec4<f32> {
  return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u));
}

// The scales of four outputs in a block of inputs.
fn block_scale(index: u32) -> vec4<f32> { return load_scales(index) * 0.015625; }

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
fn finish(row: u32, quad: u32, value: vec4<f32>) {
  var result = value + load_bias(quad);
  result = activate(result);
  let index = row * sizes.output_quads + quad;
  store_y(index, result);
}

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // This thread's block of results: rows of A, quads of W's columns. Past the end, the last are read again.
  let first_row = group.y * 8u + thread / 8u * 4u;
  let first_quad = (group.x * 8u + thread % 8u) * 1u;
  let quad_0 = min(first_quad + 0u, sizes.weight_quads - 1u);
  var rows: array<u32, 4>;
  for (var i = 0u; i < 4u; i++) {
    let row = min(first_row + i, sizes.rows - 1u);
    rows[i] = row;
  }
  var sum_0_0 = vec4<f32>(0.0);
  var sum_1_0 = vec4<f32>(0.0);
  var sum_2_0 = vec4<f32>(0.0);
  var sum_3_0 = vec4<f32>(0.0);

  for (var segment = 0u; segment < 1u; segment++) {
    // Find the segment in A and in W.
    let segment_quads = sizes.x_quads;
    let weight_row = 0u;
    var at: array<u32, 4>;
    for (var i = 0u; i < 4u; i++) {
      at[i] = rows[i] * segment_quads;
    }
    let at_0 = at[0];
    let at_1 = at[1];
    let at_2 = at[2];
    let at_3 = at[3];
    for (var quad = 0u; quad < segment_quads; quad++) {
      // Read four rows of W: four columns at a time, a matrix.
      let w_row = weight_row + 4u * quad;
      let w_begin = w_row * sizes.weight_quads;
      let block = w_row / 32u * sizes.weight_quads;
      let scale_0 = block_scale(block + quad_0);
      let w_0_0 = scale_0 * signed_bytes(load_weight(w_begin + 0u * sizes.weight_quads + quad_0));
      let w_1_0 = scale_0 * signed_bytes(load_weight(w_begin + 1u * sizes.weight_quads + quad_0));
      let w_2_0 = scale_0 * signed_bytes(load_weight(w_begin + 2u * sizes.weight_quads + quad_0));
      let w_3_0 = scale_0 * signed_bytes(load_weight(w_begin + 3u * sizes.weight_quads + quad_0));
      let w_0 = mat4x4<f32>(w_0_0, w_1_0, w_2_0, w_3_0);
      // Multiply them by four channels of each row of A.
      let a_0 = load_x(at_0 + quad);
      sum_0_0 += w_0 * a_0;
      let a_1 = load_x(at_1 + quad);
      sum_1_0 += w_0 * a_1;
      let a_2 = load_x(at_2 + quad);
      sum_2_0 += w_0 * a_2;
      let a_3 = load_x(at_3 + quad);
      sum_3_0 += w_0 * a_3;
    }
  }

  // Finish and store, in a loop: an unrolled one compiles slowly.
  var sums = array<vec4<f32>, 4>(sum_0_0, sum_1_0, sum_2_0, sum_3_0);
  for (var index = 0u; index < 4u; index += 1u) {
    let row = first_row + index / 1u;
    let quad = first_quad + index % 1u;
    if (row < sizes.rows && quad < sizes.weight_quads) {
      finish(row, quad, sums[index]);
    }
  }
}
