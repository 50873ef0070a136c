// Kernel conv2d, dispatched in 5 x 64 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, weight_quads: u32, slices: u32, quads: u32, slices_per_tap: u32, taps: u32, kernel_width: u32, stride: u32, halvings: u32, top: u32, left: u32, output_width: u32, output_pixels: u32, height: u32, width: u32, row_offset: u32, input_offset: u32, further_begin: u32, shortcut_quads: u32, beside_quads: u32, shortcut_slices: u32, output_quads: u32 }
@group(0) @binding(8) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> shortcut: array<vec4<f16>>;
fn load_shortcut(index: u32) -> vec4<f32> { return vec4<f32>(shortcut[index]); }
@group(0) @binding(2) var<storage, read> beside: array<vec4<f16>>;
fn load_beside(index: u32) -> vec4<f32> { return vec4<f32>(beside[index]); }
@group(0) @binding(3) var<storage, read> weight: array<vec4<f16>>;
fn load_weight(index: u32) -> vec4<f32> { return vec4<f32>(weight[index]); }
@group(0) @binding(4) var<storage, read> further_weight: array<vec4<f16>>;
fn load_further_weight(index: u32) -> vec4<f32> { return vec4<f32>(further_weight[index]); }
@group(0) @binding(5) var<storage, read> bias: array<vec4<f16>>;
fn load_bias(index: u32) -> vec4<f32> { return vec4<f32>(bias[index]); }
@group(0) @binding(6) var<storage, read> further_bias: array<vec4<f16>>;
fn load_further_bias(index: u32) -> vec4<f32> { return vec4<f32>(further_bias[index]); }
@group(0) @binding(7) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

// What becomes of four sums before they are stored.
fn finish(row: u32, quad: u32, value: vec4<f32>) {
  var result = value + load_bias(quad);
  result += load_further_bias(quad);
  let index = row * sizes.output_quads + quad;
  store_y(index, result);
}

var<workgroup> a_tile: array<vec4<f32>, 256>; // [rows][depth / 4]
var<workgroup> w_tile: array<vec4<f32>, 256>; // [depth][columns / 4]

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // The workgroup's tile of results, and this thread's place in it.
  let tile_row = group.y * 64u;
  let tile_quad = group.x * 16u;
  let thread_row = thread / 16u;
  let thread_column = thread % 16u;
  // What this thread copies of every slice. Past the end, the last rows and columns are read again.
  let a_quad = thread % 4u;
  let a_row = thread / 4u;
  let w_row = thread / 16u;
  let w_quad = min(tile_quad + thread % 16u, sizes.weight_quads - 1u);
  let pixel_0 = min(tile_row + a_row + 0u, sizes.rows - 1u) + sizes.row_offset;
  let place_0 = pixel_0 % sizes.output_pixels;
  let top_0 = place_0 / sizes.output_width * sizes.stride - sizes.top;
  let left_0 = place_0 % sizes.output_width * sizes.stride - sizes.left;
  let image_0 = pixel_0 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_0 = (image_0 + top_0 * sizes.width + left_0) * sizes.quads;
  let pixel_1 = min(tile_row + a_row + 32u, sizes.rows - 1u) + sizes.row_offset;
  let place_1 = pixel_1 % sizes.output_pixels;
  let top_1 = place_1 / sizes.output_width * sizes.stride - sizes.top;
  let left_1 = place_1 % sizes.output_width * sizes.stride - sizes.left;
  let image_1 = pixel_1 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_1 = (image_1 + top_1 * sizes.width + left_1) * sizes.quads;
  let weight_place_0 = (w_row + 0u) * sizes.weight_quads + w_quad;
  let weight_place_1 = (w_row + 8u) * sizes.weight_quads + w_quad;
  let row_0 = min(tile_row + a_row + 0u, sizes.rows - 1u);
  let row_1 = min(tile_row + a_row + 32u, sizes.rows - 1u);
  let further_weight_place_0 = (w_row + 0u) * sizes.weight_quads + w_quad;
  let further_weight_place_1 = (w_row + 8u) * sizes.weight_quads + w_quad;
  var sum_0_0 = vec4<f32>(0.0);
  var sum_1_0 = vec4<f32>(0.0);
  var sum_2_0 = vec4<f32>(0.0);
  var sum_3_0 = vec4<f32>(0.0);
  var sum_4_0 = vec4<f32>(0.0);
  var sum_5_0 = vec4<f32>(0.0);
  var sum_6_0 = vec4<f32>(0.0);
  var sum_7_0 = vec4<f32>(0.0);
  let first_slice = 0u;
  let end_slice = sizes.slices;
  // The tap of the first slice, and the slice's place there.
  var tap = first_slice / sizes.slices_per_tap;
  var tap_slice = first_slice % sizes.slices_per_tap;
  var tap_row = tap / sizes.kernel_width;
  var tap_column = tap % sizes.kernel_width;
  var tap_begin = (tap_row * sizes.width + tap_column) * sizes.quads;

  for (var slice = first_slice; slice < min(end_slice, sizes.further_begin); slice++) {
    // Ask for the slice of A and of W, all of it, then copy it to workgroup memory.
    let slice_quad = tap_slice * 4u;
    let channel_quad = slice_quad + a_quad;
    let weight_row = 4u * (tap * sizes.quads + slice_quad);
    let line_0 = top_0 + tap_row;
    let column_0 = left_0 + tap_column;
    let inside_0 = line_0 < sizes.height && column_0 < sizes.width && channel_quad < sizes.quads;
    let read_0 = load_x(select(0u, corner_0 + tap_begin + channel_quad, inside_0));
    let line_1 = top_1 + tap_row;
    let column_1 = left_1 + tap_column;
    let inside_1 = line_1 < sizes.height && column_1 < sizes.width && channel_quad < sizes.quads;
    let read_1 = load_x(select(0u, corner_1 + tap_begin + channel_quad, inside_1));
    let w_read_0 = load_weight(weight_row * sizes.weight_quads + weight_place_0);
    let w_read_1 = load_weight(weight_row * sizes.weight_quads + weight_place_1);
    a_tile[thread + 0u] = select(vec4<f32>(0.0), read_0, inside_0);
    a_tile[thread + 128u] = select(vec4<f32>(0.0), read_1, inside_1);
    w_tile[thread + 0u] = w_read_0;
    w_tile[thread + 128u] = w_read_1;
    workgroupBarrier();
    // Multiply: four rows of W, then every row of A against them.
    for (var quad = 0u; quad < 4u; quad++) {
      let w_0_0 = w_tile[(quad * 4u + 0u) * 16u + thread_column + 0u];
      let w_1_0 = w_tile[(quad * 4u + 1u) * 16u + thread_column + 0u];
      let w_2_0 = w_tile[(quad * 4u + 2u) * 16u + thread_column + 0u];
      let w_3_0 = w_tile[(quad * 4u + 3u) * 16u + thread_column + 0u];
      let a_0 = a_tile[(thread_row + 0u) * 4u + quad];
      sum_0_0 = fma(vec4<f32>(a_0[0]), w_0_0, sum_0_0);
      sum_0_0 = fma(vec4<f32>(a_0[1]), w_1_0, sum_0_0);
      sum_0_0 = fma(vec4<f32>(a_0[2]), w_2_0, sum_0_0);
      sum_0_0 = fma(vec4<f32>(a_0[3]), w_3_0, sum_0_0);
      let a_1 = a_tile[(thread_row + 8u) * 4u + quad];
      sum_1_0 = fma(vec4<f32>(a_1[0]), w_0_0, sum_1_0);
      sum_1_0 = fma(vec4<f32>(a_1[1]), w_1_0, sum_1_0);
      sum_1_0 = fma(vec4<f32>(a_1[2]), w_2_0, sum_1_0);
      sum_1_0 = fma(vec4<f32>(a_1[3]), w_3_0, sum_1_0);
      let a_2 = a_tile[(thread_row + 16u) * 4u + quad];
      sum_2_0 = fma(vec4<f32>(a_2[0]), w_0_0, sum_2_0);
      sum_2_0 = fma(vec4<f32>(a_2[1]), w_1_0, sum_2_0);
      sum_2_0 = fma(vec4<f32>(a_2[2]), w_2_0, sum_2_0);
      sum_2_0 = fma(vec4<f32>(a_2[3]), w_3_0, sum_2_0);
      let a_3 = a_tile[(thread_row + 24u) * 4u + quad];
      sum_3_0 = fma(vec4<f32>(a_3[0]), w_0_0, sum_3_0);
      sum_3_0 = fma(vec4<f32>(a_3[1]), w_1_0, sum_3_0);
      sum_3_0 = fma(vec4<f32>(a_3[2]), w_2_0, sum_3_0);
      sum_3_0 = fma(vec4<f32>(a_3[3]), w_3_0, sum_3_0);
      let a_4 = a_tile[(thread_row + 32u) * 4u + quad];
      sum_4_0 = fma(vec4<f32>(a_4[0]), w_0_0, sum_4_0);
      sum_4_0 = fma(vec4<f32>(a_4[1]), w_1_0, sum_4_0);
      sum_4_0 = fma(vec4<f32>(a_4[2]), w_2_0, sum_4_0);
      sum_4_0 = fma(vec4<f32>(a_4[3]), w_3_0, sum_4_0);
      let a_5 = a_tile[(thread_row + 40u) * 4u + quad];
      sum_5_0 = fma(vec4<f32>(a_5[0]), w_0_0, sum_5_0);
      sum_5_0 = fma(vec4<f32>(a_5[1]), w_1_0, sum_5_0);
      sum_5_0 = fma(vec4<f32>(a_5[2]), w_2_0, sum_5_0);
      sum_5_0 = fma(vec4<f32>(a_5[3]), w_3_0, sum_5_0);
      let a_6 = a_tile[(thread_row + 48u) * 4u + quad];
      sum_6_0 = fma(vec4<f32>(a_6[0]), w_0_0, sum_6_0);
      sum_6_0 = fma(vec4<f32>(a_6[1]), w_1_0, sum_6_0);
      sum_6_0 = fma(vec4<f32>(a_6[2]), w_2_0, sum_6_0);
      sum_6_0 = fma(vec4<f32>(a_6[3]), w_3_0, sum_6_0);
      let a_7 = a_tile[(thread_row + 56u) * 4u + quad];
      sum_7_0 = fma(vec4<f32>(a_7[0]), w_0_0, sum_7_0);
      sum_7_0 = fma(vec4<f32>(a_7[1]), w_1_0, sum_7_0);
      sum_7_0 = fma(vec4<f32>(a_7[2]), w_2_0, sum_7_0);
      sum_7_0 = fma(vec4<f32>(a_7[3]), w_3_0, sum_7_0);
    }
    tap_slice += 1u;
    if (tap_slice == sizes.slices_per_tap) {
      tap_slice = 0u;
      tap += 1u;
      tap_row = tap / sizes.kernel_width;
      tap_column = tap % sizes.kernel_width;
      tap_begin = (tap_row * sizes.width + tap_column) * sizes.quads;
    }
    workgroupBarrier();
  }
  // The further product, the same way.
  let first_further = max(first_slice, sizes.further_begin) - sizes.further_begin;
  let end_further = max(end_slice, sizes.further_begin) - sizes.further_begin;
  for (var slice = first_further; slice < end_further; slice++) {
    // Ask for the slice of A and of W, all of it, then copy it to workgroup memory.
    let in_second = slice >= sizes.shortcut_slices;
    let slice_quad = select(slice, slice - sizes.shortcut_slices, in_second) * 4u;
    let channel_quad = slice_quad + a_quad;
    let weight_row = 4u * (slice_quad + select(0u, sizes.shortcut_quads, in_second));
    let source_quads = select(sizes.shortcut_quads, sizes.beside_quads, in_second);
    let read_quad = min(channel_quad, source_quads - 1u);
    let inside_0 = channel_quad < source_quads;
    var read_0: vec4<f32>;
    let inside_1 = channel_quad < source_quads;
    var read_1: vec4<f32>;
    if (in_second) {
      read_0 = load_beside(row_0 * sizes.beside_quads + read_quad);
      read_1 = load_beside(row_1 * sizes.beside_quads + read_quad);
    } else {
      read_0 = load_shortcut(row_0 * sizes.shortcut_quads + read_quad);
      read_1 = load_shortcut(row_1 * sizes.shortcut_quads + read_quad);
    }
    let w_read_0 = load_further_weight(weight_row * sizes.weight_quads + further_weight_place_0);
    let w_read_1 = load_further_weight(weight_row * sizes.weight_quads + further_weight_place_1);
    a_tile[thread + 0u] = select(vec4<f32>(0.0), read_0, inside_0);
    a_tile[thread + 128u] = select(vec4<f32>(0.0), read_1, inside_1);
    w_tile[thread + 0u] = w_read_0;
    w_tile[thread + 128u] = w_read_1;
    workgroupBarrier();
    // Multiply: four rows of W, then every row of A against them.
    for (var quad = 0u; quad < 4u; quad++) {
      let w_0_0 = w_tile[(quad * 4u + 0u) * 16u + thread_column + 0u];
      let w_1_0 = w_tile[(quad * 4u + 1u) * 16u + thread_column + 0u];
      let w_2_0 = w_tile[(quad * 4u + 2u) * 16u + thread_column + 0u];
      let w_3_0 = w_tile[(quad * 4u + 3u) * 16u + thread_column + 0u];
      let a_0 = a_tile[(thread_row + 0u) * 4u + quad];
      sum_0_0 = fma(vec4<f32>(a_0[0]), w_0_0, sum_0_0);
      sum_0_0 = fma(vec4<f32>(a_0[1]), w_1_0, sum_0_0);
      sum_0_0 = fma(vec4<f32>(a_0[2]), w_2_0, sum_0_0);
      sum_0_0 = fma(vec4<f32>(a_0[3]), w_3_0, sum_0_0);
      let a_1 = a_tile[(thread_row + 8u) * 4u + quad];
      sum_1_0 = fma(vec4<f32>(a_1[0]), w_0_0, sum_1_0);
      sum_1_0 = fma(vec4<f32>(a_1[1]), w_1_0, sum_1_0);
      sum_1_0 = fma(vec4<f32>(a_1[2]), w_2_0, sum_1_0);
      sum_1_0 = fma(vec4<f32>(a_1[3]), w_3_0, sum_1_0);
      let a_2 = a_tile[(thread_row + 16u) * 4u + quad];
      sum_2_0 = fma(vec4<f32>(a_2[0]), w_0_0, sum_2_0);
      sum_2_0 = fma(vec4<f32>(a_2[1]), w_1_0, sum_2_0);
      sum_2_0 = fma(vec4<f32>(a_2[2]), w_2_0, sum_2_0);
      sum_2_0 = fma(vec4<f32>(a_2[3]), w_3_0, sum_2_0);
      let a_3 = a_tile[(thread_row + 24u) * 4u + quad];
      sum_3_0 = fma(vec4<f32>(a_3[0]), w_0_0, sum_3_0);
      sum_3_0 = fma(vec4<f32>(a_3[1]), w_1_0, sum_3_0);
      sum_3_0 = fma(vec4<f32>(a_3[2]), w_2_0, sum_3_0);
      sum_3_0 = fma(vec4<f32>(a_3[3]), w_3_0, sum_3_0);
      let a_4 = a_tile[(thread_row + 32u) * 4u + quad];
      sum_4_0 = fma(vec4<f32>(a_4[0]), w_0_0, sum_4_0);
      sum_4_0 = fma(vec4<f32>(a_4[1]), w_1_0, sum_4_0);
      sum_4_0 = fma(vec4<f32>(a_4[2]), w_2_0, sum_4_0);
      sum_4_0 = fma(vec4<f32>(a_4[3]), w_3_0, sum_4_0);
      let a_5 = a_tile[(thread_row + 40u) * 4u + quad];
      sum_5_0 = fma(vec4<f32>(a_5[0]), w_0_0, sum_5_0);
      sum_5_0 = fma(vec4<f32>(a_5[1]), w_1_0, sum_5_0);
      sum_5_0 = fma(vec4<f32>(a_5[2]), w_2_0, sum_5_0);
      sum_5_0 = fma(vec4<f32>(a_5[3]), w_3_0, sum_5_0);
      let a_6 = a_tile[(thread_row + 48u) * 4u + quad];
      sum_6_0 = fma(vec4<f32>(a_6[0]), w_0_0, sum_6_0);
      sum_6_0 = fma(vec4<f32>(a_6[1]), w_1_0, sum_6_0);
      sum_6_0 = fma(vec4<f32>(a_6[2]), w_2_0, sum_6_0);
      sum_6_0 = fma(vec4<f32>(a_6[3]), w_3_0, sum_6_0);
      let a_7 = a_tile[(thread_row + 56u) * 4u + quad];
      sum_7_0 = fma(vec4<f32>(a_7[0]), w_0_0, sum_7_0);
      sum_7_0 = fma(vec4<f32>(a_7[1]), w_1_0, sum_7_0);
      sum_7_0 = fma(vec4<f32>(a_7[2]), w_2_0, sum_7_0);
      sum_7_0 = fma(vec4<f32>(a_7[3]), w_3_0, sum_7_0);
    }
    workgroupBarrier();
  }

  // Store, row by row, what lies inside.
  {
    let row = tile_row + thread_row + 0u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_0_0); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 8u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_1_0); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 16u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_2_0); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 24u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_3_0); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 32u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_4_0); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 40u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_5_0); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 48u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_6_0); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 56u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_7_0); }
      }
    }
  }
}
