// Kernel conv2d, dispatched in 1 x 128 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, result_rows: u32, weight_quads: u32, slices: u32, quads: u32, slices_per_tap: u32, taps: u32, kernel_width: u32, stride: u32, top: u32, top_parity: u32, output_width: u32, output_pixels: u32, height: u32, width: u32, row_offset: u32, input_offset: u32, output_quads: u32 }
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

// The pixel of the result that is a cell's at the product's place.
fn result_row(cell: u32, product: u32) -> u32 {
  let line = 2u * (cell / sizes.output_width) + product / 2u;
  return 2u * (line * sizes.output_width + cell % sizes.output_width) + product % 2u;
}

var<workgroup> a_tile: array<vec4<f16>, 128>; // [rows][depth / 4]
var<workgroup> w_tile: array<vec4<f16>, 256>; // [depth][columns / 4]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let product = group.y % 4u;
  // The workgroup's tile of results, and this thread's place in it.
  let tile_row = (group.y / 4u) * 32u;
  let tile_quad = group.x * 16u;
  let thread_row = thread / 8u;
  let thread_column = thread % 8u;
  // What this thread copies of every slice. Past the end, the last rows and columns are read again.
  let a_quad = thread % 4u;
  let a_row = thread / 4u;
  let w_row = thread / 16u;
  let w_quad = min(tile_quad + thread % 16u, sizes.weight_quads - 1u);
  // The product's place in a cell; which of its two taps has two of the weight's lines, or columns; and the padding of that place.
  let cell_line = product / 2u;
  let cell_column = product % 2u;
  let paired_row = cell_line ^ sizes.top_parity;
  let paired_column = 1u - cell_column;
  let padding_top = sizes.top - (cell_line & sizes.top_parity);
  let padding_left = 1u - cell_column;
  let pixel_0 = min(tile_row + a_row + 0u, sizes.rows - 1u) + sizes.row_offset / 4u;
  let place_0 = pixel_0 % sizes.output_pixels;
  let top_0 = place_0 / sizes.output_width * sizes.stride - padding_top;
  let left_0 = place_0 % sizes.output_width * sizes.stride - padding_left;
  let image_0 = pixel_0 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_0 = (image_0 + top_0 * sizes.width + left_0) * sizes.quads;
  let pixel_1 = min(tile_row + a_row + 16u, sizes.rows - 1u) + sizes.row_offset / 4u;
  let place_1 = pixel_1 % sizes.output_pixels;
  let top_1 = place_1 / sizes.output_width * sizes.stride - padding_top;
  let left_1 = place_1 % sizes.output_width * sizes.stride - padding_left;
  let image_1 = pixel_1 / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
  let corner_1 = (image_1 + top_1 * sizes.width + left_1) * sizes.quads;
  let weight_place_0 = (w_row + 0u) * sizes.weight_quads + w_quad;
  let weight_place_1 = (w_row + 4u) * sizes.weight_quads + w_quad;
  let weight_place_2 = (w_row + 8u) * sizes.weight_quads + w_quad;
  let weight_place_3 = (w_row + 12u) * sizes.weight_quads + w_quad;
  var sum_0_0 = vec4<f32>(0.0);
  var sum_0_1 = vec4<f32>(0.0);
  var sum_1_0 = vec4<f32>(0.0);
  var sum_1_1 = vec4<f32>(0.0);
  var sum_2_0 = vec4<f32>(0.0);
  var sum_2_1 = vec4<f32>(0.0);
  var sum_3_0 = vec4<f32>(0.0);
  var sum_3_1 = vec4<f32>(0.0);
  let first_slice = 0u;
  let end_slice = sizes.slices;
  // The tap of the first slice, and the slice's place there.
  var tap = first_slice / sizes.slices_per_tap;
  var tap_slice = first_slice % sizes.slices_per_tap;
  var tap_row = tap / sizes.kernel_width;
  var tap_column = tap % sizes.kernel_width;
  var tap_begin = (tap_row * sizes.width + tap_column) * sizes.quads;
  var weight_tap = 3u * (tap_row * (2u - paired_row)) + tap_column * (2u - paired_column);
  var below = u32(tap_row == paired_row);
  var beside = u32(tap_column == paired_column);

  for (var slice = first_slice; slice < end_slice; slice++) {
    // Ask for the slice of A and of W, all of it, then copy it to workgroup memory.
    let slice_quad = tap_slice * 4u;
    let channel_quad = slice_quad + a_quad;
    let weight_row = 4u * (weight_tap * sizes.quads + slice_quad);
    // What is added to it. Where that is nothing, the same is read again, and counts for nothing.
    let row_below = weight_row + below * 12u * sizes.quads;
    let row_beside = weight_row + beside * 4u * sizes.quads;
    let row_across = row_below + row_beside - weight_row;
    let line_0 = top_0 + tap_row;
    let column_0 = left_0 + tap_column;
    let inside_0 = line_0 < sizes.height && column_0 < sizes.width && channel_quad < sizes.quads;
    let read_0 = load_x(select(0u, corner_0 + tap_begin + channel_quad, inside_0));
    let line_1 = top_1 + tap_row;
    let column_1 = left_1 + tap_column;
    let inside_1 = line_1 < sizes.height && column_1 < sizes.width && channel_quad < sizes.quads;
    let read_1 = load_x(select(0u, corner_1 + tap_begin + channel_quad, inside_1));
    let w_read_0 = load_weight(weight_row * sizes.weight_quads + weight_place_0)
      + f32(below) * load_weight(row_below * sizes.weight_quads + weight_place_0)
      + f32(beside) * load_weight(row_beside * sizes.weight_quads + weight_place_0)
      + f32(below * beside) * load_weight(row_across * sizes.weight_quads + weight_place_0);
    let w_read_1 = load_weight(weight_row * sizes.weight_quads + weight_place_1)
      + f32(below) * load_weight(row_below * sizes.weight_quads + weight_place_1)
      + f32(beside) * load_weight(row_beside * sizes.weight_quads + weight_place_1)
      + f32(below * beside) * load_weight(row_across * sizes.weight_quads + weight_place_1);
    let w_read_2 = load_weight(weight_row * sizes.weight_quads + weight_place_2)
      + f32(below) * load_weight(row_below * sizes.weight_quads + weight_place_2)
      + f32(beside) * load_weight(row_beside * sizes.weight_quads + weight_place_2)
      + f32(below * beside) * load_weight(row_across * sizes.weight_quads + weight_place_2);
    let w_read_3 = load_weight(weight_row * sizes.weight_quads + weight_place_3)
      + f32(below) * load_weight(row_below * sizes.weight_quads + weight_place_3)
      + f32(beside) * load_weight(row_beside * sizes.weight_quads + weight_place_3)
      + f32(below * beside) * load_weight(row_across * sizes.weight_quads + weight_place_3);
    a_tile[thread + 0u] = vec4<f16>(select(vec4<f32>(0.0), read_0, inside_0));
    a_tile[thread + 64u] = vec4<f16>(select(vec4<f32>(0.0), read_1, inside_1));
    w_tile[thread + 0u] = vec4<f16>(w_read_0);
    w_tile[thread + 64u] = vec4<f16>(w_read_1);
    w_tile[thread + 128u] = vec4<f16>(w_read_2);
    w_tile[thread + 192u] = vec4<f16>(w_read_3);
    workgroupBarrier();
    // The sums of this slice alone.
    var part_0_0 = vec4<f16>(0.0);
    var part_0_1 = vec4<f16>(0.0);
    var part_1_0 = vec4<f16>(0.0);
    var part_1_1 = vec4<f16>(0.0);
    var part_2_0 = vec4<f16>(0.0);
    var part_2_1 = vec4<f16>(0.0);
    var part_3_0 = vec4<f16>(0.0);
    var part_3_1 = vec4<f16>(0.0);
    // Multiply: four rows of W, then every row of A against them.
    for (var quad = 0u; quad < 4u; quad++) {
      let w_0_0 = w_tile[(quad * 4u + 0u) * 16u + thread_column + 0u];
      let w_0_1 = w_tile[(quad * 4u + 0u) * 16u + thread_column + 8u];
      let w_1_0 = w_tile[(quad * 4u + 1u) * 16u + thread_column + 0u];
      let w_1_1 = w_tile[(quad * 4u + 1u) * 16u + thread_column + 8u];
      let w_2_0 = w_tile[(quad * 4u + 2u) * 16u + thread_column + 0u];
      let w_2_1 = w_tile[(quad * 4u + 2u) * 16u + thread_column + 8u];
      let w_3_0 = w_tile[(quad * 4u + 3u) * 16u + thread_column + 0u];
      let w_3_1 = w_tile[(quad * 4u + 3u) * 16u + thread_column + 8u];
      let a_0 = a_tile[(thread_row + 0u) * 4u + quad];
      part_0_0 = fma(vec4<f16>(a_0[0]), w_0_0, part_0_0);
      part_0_1 = fma(vec4<f16>(a_0[0]), w_0_1, part_0_1);
      part_0_0 = fma(vec4<f16>(a_0[1]), w_1_0, part_0_0);
      part_0_1 = fma(vec4<f16>(a_0[1]), w_1_1, part_0_1);
      part_0_0 = fma(vec4<f16>(a_0[2]), w_2_0, part_0_0);
      part_0_1 = fma(vec4<f16>(a_0[2]), w_2_1, part_0_1);
      part_0_0 = fma(vec4<f16>(a_0[3]), w_3_0, part_0_0);
      part_0_1 = fma(vec4<f16>(a_0[3]), w_3_1, part_0_1);
      let a_1 = a_tile[(thread_row + 8u) * 4u + quad];
      part_1_0 = fma(vec4<f16>(a_1[0]), w_0_0, part_1_0);
      part_1_1 = fma(vec4<f16>(a_1[0]), w_0_1, part_1_1);
      part_1_0 = fma(vec4<f16>(a_1[1]), w_1_0, part_1_0);
      part_1_1 = fma(vec4<f16>(a_1[1]), w_1_1, part_1_1);
      part_1_0 = fma(vec4<f16>(a_1[2]), w_2_0, part_1_0);
      part_1_1 = fma(vec4<f16>(a_1[2]), w_2_1, part_1_1);
      part_1_0 = fma(vec4<f16>(a_1[3]), w_3_0, part_1_0);
      part_1_1 = fma(vec4<f16>(a_1[3]), w_3_1, part_1_1);
      let a_2 = a_tile[(thread_row + 16u) * 4u + quad];
      part_2_0 = fma(vec4<f16>(a_2[0]), w_0_0, part_2_0);
      part_2_1 = fma(vec4<f16>(a_2[0]), w_0_1, part_2_1);
      part_2_0 = fma(vec4<f16>(a_2[1]), w_1_0, part_2_0);
      part_2_1 = fma(vec4<f16>(a_2[1]), w_1_1, part_2_1);
      part_2_0 = fma(vec4<f16>(a_2[2]), w_2_0, part_2_0);
      part_2_1 = fma(vec4<f16>(a_2[2]), w_2_1, part_2_1);
      part_2_0 = fma(vec4<f16>(a_2[3]), w_3_0, part_2_0);
      part_2_1 = fma(vec4<f16>(a_2[3]), w_3_1, part_2_1);
      let a_3 = a_tile[(thread_row + 24u) * 4u + quad];
      part_3_0 = fma(vec4<f16>(a_3[0]), w_0_0, part_3_0);
      part_3_1 = fma(vec4<f16>(a_3[0]), w_0_1, part_3_1);
      part_3_0 = fma(vec4<f16>(a_3[1]), w_1_0, part_3_0);
      part_3_1 = fma(vec4<f16>(a_3[1]), w_1_1, part_3_1);
      part_3_0 = fma(vec4<f16>(a_3[2]), w_2_0, part_3_0);
      part_3_1 = fma(vec4<f16>(a_3[2]), w_2_1, part_3_1);
      part_3_0 = fma(vec4<f16>(a_3[3]), w_3_0, part_3_0);
      part_3_1 = fma(vec4<f16>(a_3[3]), w_3_1, part_3_1);
    }
    // Add them in float32.
    sum_0_0 += vec4<f32>(part_0_0);
    sum_0_1 += vec4<f32>(part_0_1);
    sum_1_0 += vec4<f32>(part_1_0);
    sum_1_1 += vec4<f32>(part_1_1);
    sum_2_0 += vec4<f32>(part_2_0);
    sum_2_1 += vec4<f32>(part_2_1);
    sum_3_0 += vec4<f32>(part_3_0);
    sum_3_1 += vec4<f32>(part_3_1);
    tap_slice += 1u;
    if (tap_slice == sizes.slices_per_tap) {
      tap_slice = 0u;
      tap += 1u;
      tap_row = tap / sizes.kernel_width;
      tap_column = tap % sizes.kernel_width;
      tap_begin = (tap_row * sizes.width + tap_column) * sizes.quads;
      weight_tap = 3u * (tap_row * (2u - paired_row)) + tap_column * (2u - paired_column);
      below = u32(tap_row == paired_row);
      beside = u32(tap_column == paired_column);
    }
    workgroupBarrier();
  }

  // Store, row by row, what lies inside.
  {
    let row = result_row(tile_row + thread_row + 0u, product);
    if (row < sizes.result_rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_0_0); }
      }
      {
        let quad = tile_quad + thread_column + 8u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_0_1); }
      }
    }
  }
  {
    let row = result_row(tile_row + thread_row + 8u, product);
    if (row < sizes.result_rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_1_0); }
      }
      {
        let quad = tile_quad + thread_column + 8u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_1_1); }
      }
    }
  }
  {
    let row = result_row(tile_row + thread_row + 16u, product);
    if (row < sizes.result_rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_2_0); }
      }
      {
        let quad = tile_quad + thread_column + 8u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_2_1); }
      }
    }
  }
  {
    let row = result_row(tile_row + thread_row + 24u, product);
    if (row < sizes.result_rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_3_0); }
      }
      {
        let quad = tile_quad + thread_column + 8u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_3_1); }
      }
    }
  }
}
