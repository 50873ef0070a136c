// Kernel conv2d, dispatched in 2 x 256 x 1 workgroups.
struct Sizes { rows: u32, weight_quads: u32, slices: u32, quads: u32, slices_per_tap: u32, taps: u32, kernel_width: u32, stride: u32, halvings: u32, top: u32, left: u32, output_width: u32, output_pixels: u32, height: u32, width: u32, row_offset: u32, input_offset: u32, output_quads: u32, activate_kind: u32 }
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
  var top: array<u32, 16>;
  var left: array<u32, 16>;
  var image: array<u32, 16>;
  for (var i = 0u; i < 16u; i++) {
    let row = min(first_row + i, sizes.rows - 1u);
    let pixel = row + sizes.row_offset;
    let place = pixel % sizes.output_pixels;
    top[i] = place / sizes.output_width * sizes.stride - sizes.top;
    left[i] = place % sizes.output_width * sizes.stride - sizes.left;
    image[i] = pixel / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  }
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
    var at: array<u32, 16>;
    var inside: array<bool, 16>;
    for (var i = 0u; i < 16u; i++) {
      let line = top[i] + tap_row;
      let column = left[i] + tap_column;
      inside[i] = line < (sizes.height << sizes.halvings) && column < (sizes.width << sizes.halvings);
      at[i] = select(0u, (image[i] + (line >> sizes.halvings) * sizes.width + (column >> sizes.halvings)) * sizes.quads, inside[i]);
    }
    let at_0 = at[0]; let inside_0 = inside[0];
    let at_1 = at[1]; let inside_1 = inside[1];
    let at_2 = at[2]; let inside_2 = inside[2];
    let at_3 = at[3]; let inside_3 = inside[3];
    let at_4 = at[4]; let inside_4 = inside[4];
    let at_5 = at[5]; let inside_5 = inside[5];
    let at_6 = at[6]; let inside_6 = inside[6];
    let at_7 = at[7]; let inside_7 = inside[7];
    let at_8 = at[8]; let inside_8 = inside[8];
    let at_9 = at[9]; let inside_9 = inside[9];
    let at_10 = at[10]; let inside_10 = inside[10];
    let at_11 = at[11]; let inside_11 = inside[11];
    let at_12 = at[12]; let inside_12 = inside[12];
    let at_13 = at[13]; let inside_13 = inside[13];
    let at_14 = at[14]; let inside_14 = inside[14];
    let at_15 = at[15]; let inside_15 = inside[15];
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
      sum_0_0 += w_0 * select(vec4<f32>(0.0), a_0, inside_0);
      sum_0_1 += w_1 * select(vec4<f32>(0.0), a_0, inside_0);
      let a_1 = load_x(at_1 + quad);
      sum_1_0 += w_0 * select(vec4<f32>(0.0), a_1, inside_1);
      sum_1_1 += w_1 * select(vec4<f32>(0.0), a_1, inside_1);
      let a_2 = load_x(at_2 + quad);
      sum_2_0 += w_0 * select(vec4<f32>(0.0), a_2, inside_2);
      sum_2_1 += w_1 * select(vec4<f32>(0.0), a_2, inside_2);
      let a_3 = load_x(at_3 + quad);
      sum_3_0 += w_0 * select(vec4<f32>(0.0), a_3, inside_3);
      sum_3_1 += w_1 * select(vec4<f32>(0.0), a_3, inside_3);
      let a_4 = load_x(at_4 + quad);
      sum_4_0 += w_0 * select(vec4<f32>(0.0), a_4, inside_4);
      sum_4_1 += w_1 * select(vec4<f32>(0.0), a_4, inside_4);
      let a_5 = load_x(at_5 + quad);
      sum_5_0 += w_0 * select(vec4<f32>(0.0), a_5, inside_5);
      sum_5_1 += w_1 * select(vec4<f32>(0.0), a_5, inside_5);
      let a_6 = load_x(at_6 + quad);
      sum_6_0 += w_0 * select(vec4<f32>(0.0), a_6, inside_6);
      sum_6_1 += w_1 * select(vec4<f32>(0.0), a_6, inside_6);
      let a_7 = load_x(at_7 + quad);
      sum_7_0 += w_0 * select(vec4<f32>(0.0), a_7, inside_7);
      sum_7_1 += w_1 * select(vec4<f32>(0.0), a_7, inside_7);
      let a_8 = load_x(at_8 + quad);
      sum_8_0 += w_0 * select(vec4<f32>(0.0), a_8, inside_8);
      sum_8_1 += w_1 * select(vec4<f32>(0.0), a_8, inside_8);
      let a_9 = load_x(at_9 + quad);
      sum_9_0 += w_0 * select(vec4<f32>(0.0), a_9, inside_9);
      sum_9_1 += w_1 * select(vec4<f32>(0.0), a_9, inside_9);
      let a_10 = load_x(at_10 + quad);
      sum_10_0 += w_0 * select(vec4<f32>(0.0), a_10, inside_10);
      sum_10_1 += w_1 * select(vec4<f32>(0.0), a_10, inside_10);
      let a_11 = load_x(at_11 + quad);
      sum_11_0 += w_0 * select(vec4<f32>(0.0), a_11, inside_11);
      sum_11_1 += w_1 * select(vec4<f32>(0.0), a_11, inside_11);
      let a_12 = load_x(at_12 + quad);
      sum_12_0 += w_0 * select(vec4<f32>(0.0), a_12, inside_12);
      sum_12_1 += w_1 * select(vec4<f32>(0.0), a_12, inside_12);
      let a_13 = load_x(at_13 + quad);
      sum_13_0 += w_0 * select(vec4<f32>(0.0), a_13, inside_13);
      sum_13_1 += w_1 * select(vec4<f32>(0.0), a_13, inside_13);
      let a_14 = load_x(at_14 + quad);
      sum_14_0 += w_0 * select(vec4<f32>(0.0), a_14, inside_14);
      sum_14_1 += w_1 * select(vec4<f32>(0.0), a_14, inside_14);
      let a_15 = load_x(at_15 + quad);
      sum_15_0 += w_0 * select(vec4<f32>(0.0), a_15, inside_15);
      sum_15_1 += w_1 * select(vec4<f32>(0.0), a_15, inside_15);
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
