// Kernel conv2d, dispatched in 2 x 256 x 1 workgroups.
struct Sizes { rows: u32, weight_quads: u32, slices: u32, quads: u32, slices_per_tap: u32, taps: u32, kernel_width: u32, stride: u32, halvings: u32, top: u32, left: u32, height: u32, width: u32, output_width: u32, output_pixels: u32, row_offset: u32, input_offset: u32, output_quads: u32, activate_kind: u32 }
@group(0) @binding(4) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
fn load_x(index: u32) -> vec4<f32> { return x[index]; }
@group(0) @binding(1) var<storage, read> weight: array<vec2<u32>>;
fn load_weight(index: u32) -> vec4<f32> { let packed = weight[index]; return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y)); }
@group(0) @binding(2) var<storage, read> bias: array<vec2<u32>>;
fn load_bias(index: u32) -> vec4<f32> { let packed = bias[index]; return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y)); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

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

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // This thread's block of results: rows of A, quads of W's columns. Past the end, the last are read again.
  let first_row = group.y * 16u + thread / 4u * 16u;
  let first_quad = (group.x * 4u + thread % 4u) * 2u;
  let quad_0 = min(first_quad + 0u, sizes.weight_quads - 1u);
  let quad_1 = min(first_quad + 1u, sizes.weight_quads - 1u);
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
  let pixel_4 = min(first_row + 4u, sizes.rows - 1u) + sizes.row_offset;
  let place_4 = pixel_4 % sizes.output_pixels;
  let top_4 = place_4 / sizes.output_width * sizes.stride - sizes.top;
  let left_4 = place_4 % sizes.output_width * sizes.stride - sizes.left;
  let image_4 = pixel_4 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_5 = min(first_row + 5u, sizes.rows - 1u) + sizes.row_offset;
  let place_5 = pixel_5 % sizes.output_pixels;
  let top_5 = place_5 / sizes.output_width * sizes.stride - sizes.top;
  let left_5 = place_5 % sizes.output_width * sizes.stride - sizes.left;
  let image_5 = pixel_5 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_6 = min(first_row + 6u, sizes.rows - 1u) + sizes.row_offset;
  let place_6 = pixel_6 % sizes.output_pixels;
  let top_6 = place_6 / sizes.output_width * sizes.stride - sizes.top;
  let left_6 = place_6 % sizes.output_width * sizes.stride - sizes.left;
  let image_6 = pixel_6 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_7 = min(first_row + 7u, sizes.rows - 1u) + sizes.row_offset;
  let place_7 = pixel_7 % sizes.output_pixels;
  let top_7 = place_7 / sizes.output_width * sizes.stride - sizes.top;
  let left_7 = place_7 % sizes.output_width * sizes.stride - sizes.left;
  let image_7 = pixel_7 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_8 = min(first_row + 8u, sizes.rows - 1u) + sizes.row_offset;
  let place_8 = pixel_8 % sizes.output_pixels;
  let top_8 = place_8 / sizes.output_width * sizes.stride - sizes.top;
  let left_8 = place_8 % sizes.output_width * sizes.stride - sizes.left;
  let image_8 = pixel_8 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_9 = min(first_row + 9u, sizes.rows - 1u) + sizes.row_offset;
  let place_9 = pixel_9 % sizes.output_pixels;
  let top_9 = place_9 / sizes.output_width * sizes.stride - sizes.top;
  let left_9 = place_9 % sizes.output_width * sizes.stride - sizes.left;
  let image_9 = pixel_9 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_10 = min(first_row + 10u, sizes.rows - 1u) + sizes.row_offset;
  let place_10 = pixel_10 % sizes.output_pixels;
  let top_10 = place_10 / sizes.output_width * sizes.stride - sizes.top;
  let left_10 = place_10 % sizes.output_width * sizes.stride - sizes.left;
  let image_10 = pixel_10 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_11 = min(first_row + 11u, sizes.rows - 1u) + sizes.row_offset;
  let place_11 = pixel_11 % sizes.output_pixels;
  let top_11 = place_11 / sizes.output_width * sizes.stride - sizes.top;
  let left_11 = place_11 % sizes.output_width * sizes.stride - sizes.left;
  let image_11 = pixel_11 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_12 = min(first_row + 12u, sizes.rows - 1u) + sizes.row_offset;
  let place_12 = pixel_12 % sizes.output_pixels;
  let top_12 = place_12 / sizes.output_width * sizes.stride - sizes.top;
  let left_12 = place_12 % sizes.output_width * sizes.stride - sizes.left;
  let image_12 = pixel_12 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_13 = min(first_row + 13u, sizes.rows - 1u) + sizes.row_offset;
  let place_13 = pixel_13 % sizes.output_pixels;
  let top_13 = place_13 / sizes.output_width * sizes.stride - sizes.top;
  let left_13 = place_13 % sizes.output_width * sizes.stride - sizes.left;
  let image_13 = pixel_13 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_14 = min(first_row + 14u, sizes.rows - 1u) + sizes.row_offset;
  let place_14 = pixel_14 % sizes.output_pixels;
  let top_14 = place_14 / sizes.output_width * sizes.stride - sizes.top;
  let left_14 = place_14 % sizes.output_width * sizes.stride - sizes.left;
  let image_14 = pixel_14 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let pixel_15 = min(first_row + 15u, sizes.rows - 1u) + sizes.row_offset;
  let place_15 = pixel_15 % sizes.output_pixels;
  let top_15 = place_15 / sizes.output_width * sizes.stride - sizes.top;
  let left_15 = place_15 % sizes.output_width * sizes.stride - sizes.left;
  let image_15 = pixel_15 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  var sum_0_0 = vec4<f32>(0.0);
  var sum_0_1 = vec4<f32>(0.0);
  var sum_1_0 = vec4<f32>(0.0);
  var sum_1_1 = vec4<f32>(0.0);
  var sum_2_0 = vec4<f32>(0.0);
  var sum_2_1 = vec4<f32>(0.0);
  var sum_3_0 = vec4<f32>(0.0);
  var sum_3_1 = vec4<f32>(0.0);
  var sum_4_0 = vec4<f32>(0.0);
  var sum_4_1 = vec4<f32>(0.0);
  var sum_5_0 = vec4<f32>(0.0);
  var sum_5_1 = vec4<f32>(0.0);
  var sum_6_0 = vec4<f32>(0.0);
  var sum_6_1 = vec4<f32>(0.0);
  var sum_7_0 = vec4<f32>(0.0);
  var sum_7_1 = vec4<f32>(0.0);
  var sum_8_0 = vec4<f32>(0.0);
  var sum_8_1 = vec4<f32>(0.0);
  var sum_9_0 = vec4<f32>(0.0);
  var sum_9_1 = vec4<f32>(0.0);
  var sum_10_0 = vec4<f32>(0.0);
  var sum_10_1 = vec4<f32>(0.0);
  var sum_11_0 = vec4<f32>(0.0);
  var sum_11_1 = vec4<f32>(0.0);
  var sum_12_0 = vec4<f32>(0.0);
  var sum_12_1 = vec4<f32>(0.0);
  var sum_13_0 = vec4<f32>(0.0);
  var sum_13_1 = vec4<f32>(0.0);
  var sum_14_0 = vec4<f32>(0.0);
  var sum_14_1 = vec4<f32>(0.0);
  var sum_15_0 = vec4<f32>(0.0);
  var sum_15_1 = vec4<f32>(0.0);

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
    var at_4 = 0u;
    var inside_4 = false;
    {
      let line = top_4 + tap_row;
      let column = left_4 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_4 = (image_4 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_4 = true;
      }
    }
    var at_5 = 0u;
    var inside_5 = false;
    {
      let line = top_5 + tap_row;
      let column = left_5 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_5 = (image_5 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_5 = true;
      }
    }
    var at_6 = 0u;
    var inside_6 = false;
    {
      let line = top_6 + tap_row;
      let column = left_6 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_6 = (image_6 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_6 = true;
      }
    }
    var at_7 = 0u;
    var inside_7 = false;
    {
      let line = top_7 + tap_row;
      let column = left_7 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_7 = (image_7 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_7 = true;
      }
    }
    var at_8 = 0u;
    var inside_8 = false;
    {
      let line = top_8 + tap_row;
      let column = left_8 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_8 = (image_8 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_8 = true;
      }
    }
    var at_9 = 0u;
    var inside_9 = false;
    {
      let line = top_9 + tap_row;
      let column = left_9 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_9 = (image_9 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_9 = true;
      }
    }
    var at_10 = 0u;
    var inside_10 = false;
    {
      let line = top_10 + tap_row;
      let column = left_10 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_10 = (image_10 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_10 = true;
      }
    }
    var at_11 = 0u;
    var inside_11 = false;
    {
      let line = top_11 + tap_row;
      let column = left_11 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_11 = (image_11 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_11 = true;
      }
    }
    var at_12 = 0u;
    var inside_12 = false;
    {
      let line = top_12 + tap_row;
      let column = left_12 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_12 = (image_12 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_12 = true;
      }
    }
    var at_13 = 0u;
    var inside_13 = false;
    {
      let line = top_13 + tap_row;
      let column = left_13 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_13 = (image_13 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_13 = true;
      }
    }
    var at_14 = 0u;
    var inside_14 = false;
    {
      let line = top_14 + tap_row;
      let column = left_14 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_14 = (image_14 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_14 = true;
      }
    }
    var at_15 = 0u;
    var inside_15 = false;
    {
      let line = top_15 + tap_row;
      let column = left_15 + tap_column;
      if (line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings)) {
        at_15 = (image_15 + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads;
        inside_15 = true;
      }
    }
    for (var quad = 0u; quad < segment_quads; quad++) {
      // Read four rows of W, and four channels of each row of A.
      let w_begin = (weight_row + 4u * quad) * sizes.weight_quads;
      let w_0_0 = load_weight(w_begin + 0u * sizes.weight_quads + quad_0);
      let w_0_1 = load_weight(w_begin + 0u * sizes.weight_quads + quad_1);
      let w_1_0 = load_weight(w_begin + 1u * sizes.weight_quads + quad_0);
      let w_1_1 = load_weight(w_begin + 1u * sizes.weight_quads + quad_1);
      let w_2_0 = load_weight(w_begin + 2u * sizes.weight_quads + quad_0);
      let w_2_1 = load_weight(w_begin + 2u * sizes.weight_quads + quad_1);
      let w_3_0 = load_weight(w_begin + 3u * sizes.weight_quads + quad_0);
      let w_3_1 = load_weight(w_begin + 3u * sizes.weight_quads + quad_1);
      // Multiply them, row by row.
      var a_0: vec4<f32>;
      a_0 = select(vec4<f32>(0.0), load_x(at_0 + quad), inside_0);
      sum_0_0 += a_0[0] * w_0_0;
      sum_0_1 += a_0[0] * w_0_1;
      sum_0_0 += a_0[1] * w_1_0;
      sum_0_1 += a_0[1] * w_1_1;
      sum_0_0 += a_0[2] * w_2_0;
      sum_0_1 += a_0[2] * w_2_1;
      sum_0_0 += a_0[3] * w_3_0;
      sum_0_1 += a_0[3] * w_3_1;
      var a_1: vec4<f32>;
      a_1 = select(vec4<f32>(0.0), load_x(at_1 + quad), inside_1);
      sum_1_0 += a_1[0] * w_0_0;
      sum_1_1 += a_1[0] * w_0_1;
      sum_1_0 += a_1[1] * w_1_0;
      sum_1_1 += a_1[1] * w_1_1;
      sum_1_0 += a_1[2] * w_2_0;
      sum_1_1 += a_1[2] * w_2_1;
      sum_1_0 += a_1[3] * w_3_0;
      sum_1_1 += a_1[3] * w_3_1;
      var a_2: vec4<f32>;
      a_2 = select(vec4<f32>(0.0), load_x(at_2 + quad), inside_2);
      sum_2_0 += a_2[0] * w_0_0;
      sum_2_1 += a_2[0] * w_0_1;
      sum_2_0 += a_2[1] * w_1_0;
      sum_2_1 += a_2[1] * w_1_1;
      sum_2_0 += a_2[2] * w_2_0;
      sum_2_1 += a_2[2] * w_2_1;
      sum_2_0 += a_2[3] * w_3_0;
      sum_2_1 += a_2[3] * w_3_1;
      var a_3: vec4<f32>;
      a_3 = select(vec4<f32>(0.0), load_x(at_3 + quad), inside_3);
      sum_3_0 += a_3[0] * w_0_0;
      sum_3_1 += a_3[0] * w_0_1;
      sum_3_0 += a_3[1] * w_1_0;
      sum_3_1 += a_3[1] * w_1_1;
      sum_3_0 += a_3[2] * w_2_0;
      sum_3_1 += a_3[2] * w_2_1;
      sum_3_0 += a_3[3] * w_3_0;
      sum_3_1 += a_3[3] * w_3_1;
      var a_4: vec4<f32>;
      a_4 = select(vec4<f32>(0.0), load_x(at_4 + quad), inside_4);
      sum_4_0 += a_4[0] * w_0_0;
      sum_4_1 += a_4[0] * w_0_1;
      sum_4_0 += a_4[1] * w_1_0;
      sum_4_1 += a_4[1] * w_1_1;
      sum_4_0 += a_4[2] * w_2_0;
      sum_4_1 += a_4[2] * w_2_1;
      sum_4_0 += a_4[3] * w_3_0;
      sum_4_1 += a_4[3] * w_3_1;
      var a_5: vec4<f32>;
      a_5 = select(vec4<f32>(0.0), load_x(at_5 + quad), inside_5);
      sum_5_0 += a_5[0] * w_0_0;
      sum_5_1 += a_5[0] * w_0_1;
      sum_5_0 += a_5[1] * w_1_0;
      sum_5_1 += a_5[1] * w_1_1;
      sum_5_0 += a_5[2] * w_2_0;
      sum_5_1 += a_5[2] * w_2_1;
      sum_5_0 += a_5[3] * w_3_0;
      sum_5_1 += a_5[3] * w_3_1;
      var a_6: vec4<f32>;
      a_6 = select(vec4<f32>(0.0), load_x(at_6 + quad), inside_6);
      sum_6_0 += a_6[0] * w_0_0;
      sum_6_1 += a_6[0] * w_0_1;
      sum_6_0 += a_6[1] * w_1_0;
      sum_6_1 += a_6[1] * w_1_1;
      sum_6_0 += a_6[2] * w_2_0;
      sum_6_1 += a_6[2] * w_2_1;
      sum_6_0 += a_6[3] * w_3_0;
      sum_6_1 += a_6[3] * w_3_1;
      var a_7: vec4<f32>;
      a_7 = select(vec4<f32>(0.0), load_x(at_7 + quad), inside_7);
      sum_7_0 += a_7[0] * w_0_0;
      sum_7_1 += a_7[0] * w_0_1;
      sum_7_0 += a_7[1] * w_1_0;
      sum_7_1 += a_7[1] * w_1_1;
      sum_7_0 += a_7[2] * w_2_0;
      sum_7_1 += a_7[2] * w_2_1;
      sum_7_0 += a_7[3] * w_3_0;
      sum_7_1 += a_7[3] * w_3_1;
      var a_8: vec4<f32>;
      a_8 = select(vec4<f32>(0.0), load_x(at_8 + quad), inside_8);
      sum_8_0 += a_8[0] * w_0_0;
      sum_8_1 += a_8[0] * w_0_1;
      sum_8_0 += a_8[1] * w_1_0;
      sum_8_1 += a_8[1] * w_1_1;
      sum_8_0 += a_8[2] * w_2_0;
      sum_8_1 += a_8[2] * w_2_1;
      sum_8_0 += a_8[3] * w_3_0;
      sum_8_1 += a_8[3] * w_3_1;
      var a_9: vec4<f32>;
      a_9 = select(vec4<f32>(0.0), load_x(at_9 + quad), inside_9);
      sum_9_0 += a_9[0] * w_0_0;
      sum_9_1 += a_9[0] * w_0_1;
      sum_9_0 += a_9[1] * w_1_0;
      sum_9_1 += a_9[1] * w_1_1;
      sum_9_0 += a_9[2] * w_2_0;
      sum_9_1 += a_9[2] * w_2_1;
      sum_9_0 += a_9[3] * w_3_0;
      sum_9_1 += a_9[3] * w_3_1;
      var a_10: vec4<f32>;
      a_10 = select(vec4<f32>(0.0), load_x(at_10 + quad), inside_10);
      sum_10_0 += a_10[0] * w_0_0;
      sum_10_1 += a_10[0] * w_0_1;
      sum_10_0 += a_10[1] * w_1_0;
      sum_10_1 += a_10[1] * w_1_1;
      sum_10_0 += a_10[2] * w_2_0;
      sum_10_1 += a_10[2] * w_2_1;
      sum_10_0 += a_10[3] * w_3_0;
      sum_10_1 += a_10[3] * w_3_1;
      var a_11: vec4<f32>;
      a_11 = select(vec4<f32>(0.0), load_x(at_11 + quad), inside_11);
      sum_11_0 += a_11[0] * w_0_0;
      sum_11_1 += a_11[0] * w_0_1;
      sum_11_0 += a_11[1] * w_1_0;
      sum_11_1 += a_11[1] * w_1_1;
      sum_11_0 += a_11[2] * w_2_0;
      sum_11_1 += a_11[2] * w_2_1;
      sum_11_0 += a_11[3] * w_3_0;
      sum_11_1 += a_11[3] * w_3_1;
      var a_12: vec4<f32>;
      a_12 = select(vec4<f32>(0.0), load_x(at_12 + quad), inside_12);
      sum_12_0 += a_12[0] * w_0_0;
      sum_12_1 += a_12[0] * w_0_1;
      sum_12_0 += a_12[1] * w_1_0;
      sum_12_1 += a_12[1] * w_1_1;
      sum_12_0 += a_12[2] * w_2_0;
      sum_12_1 += a_12[2] * w_2_1;
      sum_12_0 += a_12[3] * w_3_0;
      sum_12_1 += a_12[3] * w_3_1;
      var a_13: vec4<f32>;
      a_13 = select(vec4<f32>(0.0), load_x(at_13 + quad), inside_13);
      sum_13_0 += a_13[0] * w_0_0;
      sum_13_1 += a_13[0] * w_0_1;
      sum_13_0 += a_13[1] * w_1_0;
      sum_13_1 += a_13[1] * w_1_1;
      sum_13_0 += a_13[2] * w_2_0;
      sum_13_1 += a_13[2] * w_2_1;
      sum_13_0 += a_13[3] * w_3_0;
      sum_13_1 += a_13[3] * w_3_1;
      var a_14: vec4<f32>;
      a_14 = select(vec4<f32>(0.0), load_x(at_14 + quad), inside_14);
      sum_14_0 += a_14[0] * w_0_0;
      sum_14_1 += a_14[0] * w_0_1;
      sum_14_0 += a_14[1] * w_1_0;
      sum_14_1 += a_14[1] * w_1_1;
      sum_14_0 += a_14[2] * w_2_0;
      sum_14_1 += a_14[2] * w_2_1;
      sum_14_0 += a_14[3] * w_3_0;
      sum_14_1 += a_14[3] * w_3_1;
      var a_15: vec4<f32>;
      a_15 = select(vec4<f32>(0.0), load_x(at_15 + quad), inside_15);
      sum_15_0 += a_15[0] * w_0_0;
      sum_15_1 += a_15[0] * w_0_1;
      sum_15_0 += a_15[1] * w_1_0;
      sum_15_1 += a_15[1] * w_1_1;
      sum_15_0 += a_15[2] * w_2_0;
      sum_15_1 += a_15[2] * w_2_1;
      sum_15_0 += a_15[3] * w_3_0;
      sum_15_1 += a_15[3] * w_3_1;
    }
  }

  // Finish and store, in a loop: an unrolled one compiles slowly.
  var sums = array<vec4<f32>, 32>(sum_0_0, sum_0_1, sum_1_0, sum_1_1, sum_2_0, sum_2_1, sum_3_0, sum_3_1, sum_4_0, sum_4_1, sum_5_0, sum_5_1, sum_6_0, sum_6_1, sum_7_0, sum_7_1, sum_8_0, sum_8_1, sum_9_0, sum_9_1, sum_10_0, sum_10_1, sum_11_0, sum_11_1, sum_12_0, sum_12_1, sum_13_0, sum_13_1, sum_14_0, sum_14_1, sum_15_0, sum_15_1);
  for (var index = 0u; index < 32u; index += 1u) {
    let row = first_row + index / 2u;
    let quad = first_quad + index % 2u;
    if (row < sizes.rows && quad < sizes.weight_quads) {
      finish(row, quad, sums[index]);
    }
  }
}
