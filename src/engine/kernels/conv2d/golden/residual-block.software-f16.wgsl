// Kernel conv2d, dispatched in 20 x 128 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, weight_quads: u32, slices: u32, quads: u32, slices_per_tap: u32, taps: u32, kernel_width: u32, stride: u32, halvings: u32, top: u32, left: u32, height: u32, width: u32, output_width: u32, output_pixels: u32, row_offset: u32, input_offset: u32, output_quads: u32, batch_rows: u32, channel_bias_quads: u32, channel_bias_begin: u32, activate_kind: u32, activate_last_kind: u32 }
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
  let pixel_0 = min(first_row + 0u, sizes.rows - 1u) + sizes.row_offset;
  let place_0 = pixel_0 % sizes.output_pixels;
  let top_0 = place_0 / sizes.output_width * sizes.stride - sizes.top;
  let left_0 = place_0 % sizes.output_width * sizes.stride - sizes.left;
  let image_0 = pixel_0 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_1 = min(first_row + 1u, sizes.rows - 1u) + sizes.row_offset;
  let place_1 = pixel_1 % sizes.output_pixels;
  let top_1 = place_1 / sizes.output_width * sizes.stride - sizes.top;
  let left_1 = place_1 % sizes.output_width * sizes.stride - sizes.left;
  let image_1 = pixel_1 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_2 = min(first_row + 2u, sizes.rows - 1u) + sizes.row_offset;
  let place_2 = pixel_2 % sizes.output_pixels;
  let top_2 = place_2 / sizes.output_width * sizes.stride - sizes.top;
  let left_2 = place_2 % sizes.output_width * sizes.stride - sizes.left;
  let image_2 = pixel_2 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_3 = min(first_row + 3u, sizes.rows - 1u) + sizes.row_offset;
  let place_3 = pixel_3 % sizes.output_pixels;
  let top_3 = place_3 / sizes.output_width * sizes.stride - sizes.top;
  let left_3 = place_3 % sizes.output_width * sizes.stride - sizes.left;
  let image_3 = pixel_3 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
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
    var at_0 = 0u;
    var inside_0 = false;
    {
      let line = top_0 + tap_row;
      let column = left_0 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_0 = (image_0 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_0 = true;
      }
    }
    var at_1 = 0u;
    var inside_1 = false;
    {
      let line = top_1 + tap_row;
      let column = left_1 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_1 = (image_1 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_1 = true;
      }
    }
    var at_2 = 0u;
    var inside_2 = false;
    {
      let line = top_2 + tap_row;
      let column = left_2 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_2 = (image_2 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_2 = true;
      }
    }
    var at_3 = 0u;
    var inside_3 = false;
    {
      let line = top_3 + tap_row;
      let column = left_3 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_3 = (image_3 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_3 = true;
      }
    }
    for (var quad = 0u; quad < segment_quads; quad++) {
      // Read four rows of W, and four channels of each row of A.
      let w_begin = (weight_row + 4u * quad) * sizes.weight_quads;
      let w_0_0 = load_weight(w_begin + 0u * sizes.weight_quads + quad_0);
      let w_1_0 = load_weight(w_begin + 1u * sizes.weight_quads + quad_0);
      let w_2_0 = load_weight(w_begin + 2u * sizes.weight_quads + quad_0);
      let w_3_0 = load_weight(w_begin + 3u * sizes.weight_quads + quad_0);
      // Multiply them, row by row.
      var a_0: vec4<f32>;
      a_0 = select(vec4<f32>(0.0), load_x(at_0 + quad), inside_0);
      sum_0_0 += a_0[0] * w_0_0;
      sum_0_0 += a_0[1] * w_1_0;
      sum_0_0 += a_0[2] * w_2_0;
      sum_0_0 += a_0[3] * w_3_0;
      var a_1: vec4<f32>;
      a_1 = select(vec4<f32>(0.0), load_x(at_1 + quad), inside_1);
      sum_1_0 += a_1[0] * w_0_0;
      sum_1_0 += a_1[1] * w_1_0;
      sum_1_0 += a_1[2] * w_2_0;
      sum_1_0 += a_1[3] * w_3_0;
      var a_2: vec4<f32>;
      a_2 = select(vec4<f32>(0.0), load_x(at_2 + quad), inside_2);
      sum_2_0 += a_2[0] * w_0_0;
      sum_2_0 += a_2[1] * w_1_0;
      sum_2_0 += a_2[2] * w_2_0;
      sum_2_0 += a_2[3] * w_3_0;
      var a_3: vec4<f32>;
      a_3 = select(vec4<f32>(0.0), load_x(at_3 + quad), inside_3);
      sum_3_0 += a_3[0] * w_0_0;
      sum_3_0 += a_3[1] * w_1_0;
      sum_3_0 += a_3[2] * w_2_0;
      sum_3_0 += a_3[3] * w_3_0;
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
