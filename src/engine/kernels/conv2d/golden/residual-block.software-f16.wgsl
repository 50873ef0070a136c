// Kernel conv2d, dispatched in 20 x 128 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, weight_quads: u32, slices: u32, quads: u32, slices_per_tap: u32, taps: u32, kernel_width: u32, stride: u32, halvings: u32, top: u32, left: u32, output_width: u32, output_pixels: u32, height: u32, width: u32, row_offset: u32, input_offset: u32, output_quads: u32, batch_rows: u32, channel_bias_quads: u32, channel_bias_begin: u32, activate_kind: u32, activate_last_kind: u32 }
@group(0) @binding(6) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> weight: array<vec4<f16>>;
fn load_weight(index: u32) -> vec4<f32> { return vec4<f32>(weight[index]); }
@group(0) @binding(2) var<storage, read> bias: array<vec4<f16>>;
fn load_bias(index: u32) -> vec4<f32> { return vec4<f32>(bias[index]); }
@group(0) @binding(3) var<storage, read> channel_bias: array<vec4<f16>>;
fn load_channel_bias(index: u32) -> vec4<f32> { return vec4<f32>(channel_bias[index]); }
@group(0) @binding(4) var<storage, read> residual: array<vec4<f16>>;
fn load_residual(index: u32) -> vec4<f32> { return vec4<f32>(residual[index]); }
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f16>>;
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
fn activate_last_1(x: vec4<f32>) -> vec4<f32> {
  return max(x, vec4<f32>(0.0));
}
fn activate_last_2(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(-x));
}
fn activate_last_3_erf(x: vec4<f32>) -> vec4<f32> {
  let a = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - poly * exp(-a * a));
}
fn activate_last_3(x: vec4<f32>) -> vec4<f32> {
  return 0.5 * x * (1.0 + activate_last_3_erf(x * 0.7071067811865476));
}
fn activate_last_4(x: vec4<f32>) -> vec4<f32> {
  let u = clamp(0.7978845608028654 * (x + 0.044715 * x * x * x), vec4<f32>(-15.0), vec4<f32>(15.0));
  return 0.5 * x * (1.0 + tanh(u));
}
fn activate_last_5(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(-1.702 * x));
}
fn activate_last_6(x: vec4<f32>) -> vec4<f32> {
  return 3.0 * tanh(clamp(x / 3.0, vec4<f32>(-15.0), vec4<f32>(15.0)));
}
fn activate_last(x: vec4<f32>) -> vec4<f32> {
  switch sizes.activate_last_kind {
    case 1u: { return activate_last_1(x); }
    case 2u: { return activate_last_2(x); }
    case 3u: { return activate_last_3(x); }
    case 4u: { return activate_last_4(x); }
    case 5u: { return activate_last_5(x); }
    case 6u: { return activate_last_6(x); }
    default: { return x; }
  }
}
// What becomes of four sums before they are stored.
fn finish(row: u32, quad: u32, value: vec4<f32>) {
  var result = value + load_bias(quad);
  let item = (row + sizes.row_offset) / sizes.batch_rows;
  result += load_channel_bias(item * sizes.channel_bias_quads + sizes.channel_bias_begin + quad);
  result = activate(result);
  let index = row * sizes.output_quads + quad;
  result += load_residual(index);
  result = activate_last(result);
  store_y(index, result);
}

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // This thread's block of results: rows of A, quads of W's columns. Past the end, the last are read again.
  let first_row = group.y * 8u + thread / 8u * 4u;
  let first_quad = (group.x * 8u + thread % 8u) * 1u;
  let quad_0 = min(first_quad + 0u, sizes.weight_quads - 1u);
  var top: array<u32, 4>;
  var left: array<u32, 4>;
  var image: array<u32, 4>;
  for (var i = 0u; i < 4u; i++) {
    let row = min(first_row + i, sizes.rows - 1u);
    let pixel = row + sizes.row_offset;
    let place = pixel % sizes.output_pixels;
    top[i] = place / sizes.output_width * sizes.stride - sizes.top;
    left[i] = place % sizes.output_width * sizes.stride - sizes.left;
    image[i] = pixel / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  }
  var sum_0_0 = vec4<f32>(0.0);
  var sum_1_0 = vec4<f32>(0.0);
  var sum_2_0 = vec4<f32>(0.0);
  var sum_3_0 = vec4<f32>(0.0);

  for (var segment = 0u; segment < sizes.taps; segment++) {
    // Find the segment in A and in W.
    let tap = segment;
    let segment_quads = sizes.quads;
    let weight_row = 4u * tap * sizes.quads;
    let tap_row = tap / sizes.kernel_width;
    let tap_column = tap % sizes.kernel_width;
    var at: array<u32, 4>;
    var inside: array<bool, 4>;
    for (var i = 0u; i < 4u; i++) {
      let line = top[i] + tap_row;
      let column = left[i] + tap_column;
      inside[i] = line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings);
      at[i] = select(0u, (image[i] + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads, inside[i]);
    }
    let at_0 = at[0]; let inside_0 = inside[0];
    let at_1 = at[1]; let inside_1 = inside[1];
    let at_2 = at[2]; let inside_2 = inside[2];
    let at_3 = at[3]; let inside_3 = inside[3];
    for (var quad = 0u; quad < segment_quads; quad++) {
      // Read four rows of W: four columns at a time, a matrix.
      let w_begin = (weight_row + 4u * quad) * sizes.weight_quads;
      let w_0_0 = load_weight(w_begin + 0u * sizes.weight_quads + quad_0);
      let w_1_0 = load_weight(w_begin + 1u * sizes.weight_quads + quad_0);
      let w_2_0 = load_weight(w_begin + 2u * sizes.weight_quads + quad_0);
      let w_3_0 = load_weight(w_begin + 3u * sizes.weight_quads + quad_0);
      let w_0 = mat4x4<f32>(w_0_0, w_1_0, w_2_0, w_3_0);
      // Multiply them by four channels of each row of A.
      let a_0 = load_x(at_0 + quad);
      sum_0_0 += w_0 * select(vec4<f32>(0.0), a_0, inside_0);
      let a_1 = load_x(at_1 + quad);
      sum_1_0 += w_0 * select(vec4<f32>(0.0), a_1, inside_1);
      let a_2 = load_x(at_2 + quad);
      sum_2_0 += w_0 * select(vec4<f32>(0.0), a_2, inside_2);
      let a_3 = load_x(at_3 + quad);
      sum_3_0 += w_0 * select(vec4<f32>(0.0), a_3, inside_3);
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
