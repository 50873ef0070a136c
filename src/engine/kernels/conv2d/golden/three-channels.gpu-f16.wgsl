// Kernel conv2d, dispatched in 1 x 512 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, weight_quads: u32, slices: u32, quads: u32, slices_per_tap: u32, taps: u32, kernel_width: u32, stride: u32, halvings: u32, top: u32, left: u32, output_width: u32, output_pixels: u32, height: u32, width: u32, row_offset: u32, input_offset: u32, output_quads: u32 }
@group(0) @binding(4) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> weight: array<vec4<f16>>;
fn load_weight(index: u32) -> vec4<f32> { return vec4<f32>(weight[index]); }
@group(0) @binding(2) var<storage, read> bias: array<vec4<f16>>;
fn load_bias(index: u32) -> vec4<f32> { return vec4<f32>(bias[index]); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

// What becomes of four sums before they are stored.
fn finish(row: u32, quad: u32, value: vec4<f32>) {
  var result = value + load_bias(quad);
  let index = row * sizes.output_quads + quad;
  store_y(index, result);
}

var<workgroup> a_tile: array<vec4<f32>, 512>; // [rows][depth / 4]
var<workgroup> w_tile: array<vec4<f32>, 32>; // [depth][columns / 4]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // The workgroup's tile of results, and this thread's place in it.
  let tile_row = group.y * 128u;
  let tile_quad = group.x * 2u;
  let thread_row = thread / 2u;
  let thread_column = thread % 2u;
  // What this thread copies of every slice. Past the end, the last rows and columns are read again.
  let a_quad = thread % 4u;
  let a_row = thread / 4u;
  let w_row = thread / 2u;
  let w_quad = min(tile_quad + thread % 2u, sizes.weight_quads - 1u);
  let pixel_0 = min(tile_row + a_row + 0u, sizes.rows - 1u) + sizes.row_offset;
  let place_0 = pixel_0 % sizes.output_pixels;
  let top_0 = place_0 / sizes.output_width * sizes.stride - sizes.top;
  let left_0 = place_0 % sizes.output_width * sizes.stride - sizes.left;
  let image_0 = pixel_0 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_0 = (image_0 + top_0 * sizes.width + left_0) * sizes.quads;
  let pixel_1 = min(tile_row + a_row + 16u, sizes.rows - 1u) + sizes.row_offset;
  let place_1 = pixel_1 % sizes.output_pixels;
  let top_1 = place_1 / sizes.output_width * sizes.stride - sizes.top;
  let left_1 = place_1 % sizes.output_width * sizes.stride - sizes.left;
  let image_1 = pixel_1 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_1 = (image_1 + top_1 * sizes.width + left_1) * sizes.quads;
  let pixel_2 = min(tile_row + a_row + 32u, sizes.rows - 1u) + sizes.row_offset;
  let place_2 = pixel_2 % sizes.output_pixels;
  let top_2 = place_2 / sizes.output_width * sizes.stride - sizes.top;
  let left_2 = place_2 % sizes.output_width * sizes.stride - sizes.left;
  let image_2 = pixel_2 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_2 = (image_2 + top_2 * sizes.width + left_2) * sizes.quads;
  let pixel_3 = min(tile_row + a_row + 48u, sizes.rows - 1u) + sizes.row_offset;
  let place_3 = pixel_3 % sizes.output_pixels;
  let top_3 = place_3 / sizes.output_width * sizes.stride - sizes.top;
  let left_3 = place_3 % sizes.output_width * sizes.stride - sizes.left;
  let image_3 = pixel_3 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_3 = (image_3 + top_3 * sizes.width + left_3) * sizes.quads;
  let pixel_4 = min(tile_row + a_row + 64u, sizes.rows - 1u) + sizes.row_offset;
  let place_4 = pixel_4 % sizes.output_pixels;
  let top_4 = place_4 / sizes.output_width * sizes.stride - sizes.top;
  let left_4 = place_4 % sizes.output_width * sizes.stride - sizes.left;
  let image_4 = pixel_4 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_4 = (image_4 + top_4 * sizes.width + left_4) * sizes.quads;
  let pixel_5 = min(tile_row + a_row + 80u, sizes.rows - 1u) + sizes.row_offset;
  let place_5 = pixel_5 % sizes.output_pixels;
  let top_5 = place_5 / sizes.output_width * sizes.stride - sizes.top;
  let left_5 = place_5 % sizes.output_width * sizes.stride - sizes.left;
  let image_5 = pixel_5 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_5 = (image_5 + top_5 * sizes.width + left_5) * sizes.quads;
  let pixel_6 = min(tile_row + a_row + 96u, sizes.rows - 1u) + sizes.row_offset;
  let place_6 = pixel_6 % sizes.output_pixels;
  let top_6 = place_6 / sizes.output_width * sizes.stride - sizes.top;
  let left_6 = place_6 % sizes.output_width * sizes.stride - sizes.left;
  let image_6 = pixel_6 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_6 = (image_6 + top_6 * sizes.width + left_6) * sizes.quads;
  let pixel_7 = min(tile_row + a_row + 112u, sizes.rows - 1u) + sizes.row_offset;
  let place_7 = pixel_7 % sizes.output_pixels;
  let top_7 = place_7 / sizes.output_width * sizes.stride - sizes.top;
  let left_7 = place_7 % sizes.output_width * sizes.stride - sizes.left;
  let image_7 = pixel_7 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_7 = (image_7 + top_7 * sizes.width + left_7) * sizes.quads;
  let weight_place_0 = (w_row + 0u) * sizes.weight_quads + w_quad;
  var sum_0_0 = vec4<f32>(0.0);
  var sum_1_0 = vec4<f32>(0.0);
  var sum_2_0 = vec4<f32>(0.0);
  var sum_3_0 = vec4<f32>(0.0);
  let first_slice = 0u;
  let end_slice = sizes.slices;
  // The tap of the first slice, and the slice's place there.
  var tap = first_slice / sizes.slices_per_tap;
  var tap_slice = first_slice % sizes.slices_per_tap;
  var tap_row = tap / sizes.kernel_width;
  var tap_column = tap % sizes.kernel_width;
  var tap_begin = (tap_row * sizes.width + tap_column) * sizes.quads;

  for (var slice = first_slice; slice < end_slice; slice++) {
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
    let line_2 = top_2 + tap_row;
    let column_2 = left_2 + tap_column;
    let inside_2 = line_2 < sizes.height && column_2 < sizes.width && channel_quad < sizes.quads;
    let read_2 = load_x(select(0u, corner_2 + tap_begin + channel_quad, inside_2));
    let line_3 = top_3 + tap_row;
    let column_3 = left_3 + tap_column;
    let inside_3 = line_3 < sizes.height && column_3 < sizes.width && channel_quad < sizes.quads;
    let read_3 = load_x(select(0u, corner_3 + tap_begin + channel_quad, inside_3));
    let line_4 = top_4 + tap_row;
    let column_4 = left_4 + tap_column;
    let inside_4 = line_4 < sizes.height && column_4 < sizes.width && channel_quad < sizes.quads;
    let read_4 = load_x(select(0u, corner_4 + tap_begin + channel_quad, inside_4));
    let line_5 = top_5 + tap_row;
    let column_5 = left_5 + tap_column;
    let inside_5 = line_5 < sizes.height && column_5 < sizes.width && channel_quad < sizes.quads;
    let read_5 = load_x(select(0u, corner_5 + tap_begin + channel_quad, inside_5));
    let line_6 = top_6 + tap_row;
    let column_6 = left_6 + tap_column;
    let inside_6 = line_6 < sizes.height && column_6 < sizes.width && channel_quad < sizes.quads;
    let read_6 = load_x(select(0u, corner_6 + tap_begin + channel_quad, inside_6));
    let line_7 = top_7 + tap_row;
    let column_7 = left_7 + tap_column;
    let inside_7 = line_7 < sizes.height && column_7 < sizes.width && channel_quad < sizes.quads;
    let read_7 = load_x(select(0u, corner_7 + tap_begin + channel_quad, inside_7));
    let w_read_0 = load_weight(weight_row * sizes.weight_quads + weight_place_0);
    a_tile[thread + 0u] = select(vec4<f32>(0.0), read_0, inside_0);
    a_tile[thread + 64u] = select(vec4<f32>(0.0), read_1, inside_1);
    a_tile[thread + 128u] = select(vec4<f32>(0.0), read_2, inside_2);
    a_tile[thread + 192u] = select(vec4<f32>(0.0), read_3, inside_3);
    a_tile[thread + 256u] = select(vec4<f32>(0.0), read_4, inside_4);
    a_tile[thread + 320u] = select(vec4<f32>(0.0), read_5, inside_5);
    a_tile[thread + 384u] = select(vec4<f32>(0.0), read_6, inside_6);
    a_tile[thread + 448u] = select(vec4<f32>(0.0), read_7, inside_7);
    if (thread < 32u) { w_tile[thread + 0u] = w_read_0; }
    workgroupBarrier();
    // Multiply: four rows of W, then every row of A against them.
    for (var quad = 0u; quad < 4u; quad++) {
      let w_0_0 = w_tile[(quad * 4u + 0u) * 2u + thread_column + 0u];
      let w_1_0 = w_tile[(quad * 4u + 1u) * 2u + thread_column + 0u];
      let w_2_0 = w_tile[(quad * 4u + 2u) * 2u + thread_column + 0u];
      let w_3_0 = w_tile[(quad * 4u + 3u) * 2u + thread_column + 0u];
      let a_0 = a_tile[(thread_row + 0u) * 4u + quad];
      sum_0_0 = fma(vec4<f32>(a_0[0]), w_0_0, sum_0_0);
      sum_0_0 = fma(vec4<f32>(a_0[1]), w_1_0, sum_0_0);
      sum_0_0 = fma(vec4<f32>(a_0[2]), w_2_0, sum_0_0);
      sum_0_0 = fma(vec4<f32>(a_0[3]), w_3_0, sum_0_0);
      let a_1 = a_tile[(thread_row + 32u) * 4u + quad];
      sum_1_0 = fma(vec4<f32>(a_1[0]), w_0_0, sum_1_0);
      sum_1_0 = fma(vec4<f32>(a_1[1]), w_1_0, sum_1_0);
      sum_1_0 = fma(vec4<f32>(a_1[2]), w_2_0, sum_1_0);
      sum_1_0 = fma(vec4<f32>(a_1[3]), w_3_0, sum_1_0);
      let a_2 = a_tile[(thread_row + 64u) * 4u + quad];
      sum_2_0 = fma(vec4<f32>(a_2[0]), w_0_0, sum_2_0);
      sum_2_0 = fma(vec4<f32>(a_2[1]), w_1_0, sum_2_0);
      sum_2_0 = fma(vec4<f32>(a_2[2]), w_2_0, sum_2_0);
      sum_2_0 = fma(vec4<f32>(a_2[3]), w_3_0, sum_2_0);
      let a_3 = a_tile[(thread_row + 96u) * 4u + quad];
      sum_3_0 = fma(vec4<f32>(a_3[0]), w_0_0, sum_3_0);
      sum_3_0 = fma(vec4<f32>(a_3[1]), w_1_0, sum_3_0);
      sum_3_0 = fma(vec4<f32>(a_3[2]), w_2_0, sum_3_0);
      sum_3_0 = fma(vec4<f32>(a_3[3]), w_3_0, sum_3_0);
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
    let row = tile_row + thread_row + 32u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_1_0); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 64u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_2_0); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 96u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_3_0); }
      }
    }
  }
}
