// Kernel conv2d, dispatched in 1 x 512 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, weightQuads: u32, slices: u32, quads: u32, slicesPerTap: u32, taps: u32, kernelWidth: u32, stride: u32, top: u32, left: u32, height: u32, width: u32, outputWidth: u32, outputPixels: u32, rowOffset: u32, inputOffset: u32, outputQuads: u32 }
const sizes = Sizes(65536u, 1u, 36u, 16u, 4u, 9u, 3u, 1u, 1u, 1u, 256u, 256u, 256u, 65536u, 0u, 0u, 1u);
@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> weight: array<vec4<f16>>;
fn load_weight(index: u32) -> vec4<f32> { return vec4<f32>(weight[index]); }
@group(0) @binding(2) var<storage, read> bias: array<vec4<f16>>;
fn load_bias(index: u32) -> vec4<f32> { return vec4<f32>(bias[index]); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn flat_workgroup(id: vec3<u32>, count: vec3<u32>) -> u32 { return id.x + id.y * count.x; }

fn finish(row: u32, quad: u32, value: vec4<f32>) {
  var result = value + load_bias(quad);
  result = result;
  let index = row * sizes.outputQuads + quad;
  
  result = result;
  store_y(index, result);
}

var<workgroup> a_tile: array<vec4<f32>, 512>; // [rows][depth / 4]
var<workgroup> w_tile: array<vec4<f32>, 32>; // [depth][columns / 4]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let tile_row = group.y * 128u;
  let tile_quad = group.x * 2u;
  let thread_row = thread / 2u;
  let thread_column = thread % 2u;
  let a_quad = thread % 4u;
  let a_row = thread / 4u;
  let w_row = thread / 2u;
  let w_quad = min(tile_quad + thread % 2u, sizes.weightQuads - 1u);
  let pixel_0 = min(tile_row + a_row + 0u, sizes.rows - 1u) + sizes.rowOffset;
  let place_0 = pixel_0 % sizes.outputPixels;
  let top_0 = place_0 / sizes.outputWidth * sizes.stride - sizes.top;
  let left_0 = place_0 % sizes.outputWidth * sizes.stride - sizes.left;
  let image_0 = pixel_0 / sizes.outputPixels * sizes.height * sizes.width - sizes.inputOffset;
  let pixel_1 = min(tile_row + a_row + 16u, sizes.rows - 1u) + sizes.rowOffset;
  let place_1 = pixel_1 % sizes.outputPixels;
  let top_1 = place_1 / sizes.outputWidth * sizes.stride - sizes.top;
  let left_1 = place_1 % sizes.outputWidth * sizes.stride - sizes.left;
  let image_1 = pixel_1 / sizes.outputPixels * sizes.height * sizes.width - sizes.inputOffset;
  let pixel_2 = min(tile_row + a_row + 32u, sizes.rows - 1u) + sizes.rowOffset;
  let place_2 = pixel_2 % sizes.outputPixels;
  let top_2 = place_2 / sizes.outputWidth * sizes.stride - sizes.top;
  let left_2 = place_2 % sizes.outputWidth * sizes.stride - sizes.left;
  let image_2 = pixel_2 / sizes.outputPixels * sizes.height * sizes.width - sizes.inputOffset;
  let pixel_3 = min(tile_row + a_row + 48u, sizes.rows - 1u) + sizes.rowOffset;
  let place_3 = pixel_3 % sizes.outputPixels;
  let top_3 = place_3 / sizes.outputWidth * sizes.stride - sizes.top;
  let left_3 = place_3 % sizes.outputWidth * sizes.stride - sizes.left;
  let image_3 = pixel_3 / sizes.outputPixels * sizes.height * sizes.width - sizes.inputOffset;
  let pixel_4 = min(tile_row + a_row + 64u, sizes.rows - 1u) + sizes.rowOffset;
  let place_4 = pixel_4 % sizes.outputPixels;
  let top_4 = place_4 / sizes.outputWidth * sizes.stride - sizes.top;
  let left_4 = place_4 % sizes.outputWidth * sizes.stride - sizes.left;
  let image_4 = pixel_4 / sizes.outputPixels * sizes.height * sizes.width - sizes.inputOffset;
  let pixel_5 = min(tile_row + a_row + 80u, sizes.rows - 1u) + sizes.rowOffset;
  let place_5 = pixel_5 % sizes.outputPixels;
  let top_5 = place_5 / sizes.outputWidth * sizes.stride - sizes.top;
  let left_5 = place_5 % sizes.outputWidth * sizes.stride - sizes.left;
  let image_5 = pixel_5 / sizes.outputPixels * sizes.height * sizes.width - sizes.inputOffset;
  let pixel_6 = min(tile_row + a_row + 96u, sizes.rows - 1u) + sizes.rowOffset;
  let place_6 = pixel_6 % sizes.outputPixels;
  let top_6 = place_6 / sizes.outputWidth * sizes.stride - sizes.top;
  let left_6 = place_6 % sizes.outputWidth * sizes.stride - sizes.left;
  let image_6 = pixel_6 / sizes.outputPixels * sizes.height * sizes.width - sizes.inputOffset;
  let pixel_7 = min(tile_row + a_row + 112u, sizes.rows - 1u) + sizes.rowOffset;
  let place_7 = pixel_7 % sizes.outputPixels;
  let top_7 = place_7 / sizes.outputWidth * sizes.stride - sizes.top;
  let left_7 = place_7 % sizes.outputWidth * sizes.stride - sizes.left;
  let image_7 = pixel_7 / sizes.outputPixels * sizes.height * sizes.width - sizes.inputOffset;
  var sum_0_0 = vec4<f32>(0.0);
  var sum_1_0 = vec4<f32>(0.0);
  var sum_2_0 = vec4<f32>(0.0);
  var sum_3_0 = vec4<f32>(0.0);
  let first = 0u;
  let last = sizes.slices;
  for (var slice = first; slice < last; slice++) {
    let tap = slice / sizes.slicesPerTap;
    let slice_quad = (slice - tap * sizes.slicesPerTap) * 4u;
    let channel_quad = slice_quad + a_quad;
    let weight_row = 4u * (tap * sizes.quads + slice_quad);
    let tap_row = tap / sizes.kernelWidth;
    let tap_column = tap % sizes.kernelWidth;
    { var value = vec4<f32>(0.0); let line = top_0 + tap_row; let column = left_0 + tap_column;
      let inside = line < sizes.height && column < sizes.width;
      if (inside && channel_quad < sizes.quads) { value = load_x((image_0 + (line) * sizes.width + (column)) * sizes.quads + channel_quad); } a_tile[thread + 0u] = value; }
    { var value = vec4<f32>(0.0); let line = top_1 + tap_row; let column = left_1 + tap_column;
      let inside = line < sizes.height && column < sizes.width;
      if (inside && channel_quad < sizes.quads) { value = load_x((image_1 + (line) * sizes.width + (column)) * sizes.quads + channel_quad); } a_tile[thread + 64u] = value; }
    { var value = vec4<f32>(0.0); let line = top_2 + tap_row; let column = left_2 + tap_column;
      let inside = line < sizes.height && column < sizes.width;
      if (inside && channel_quad < sizes.quads) { value = load_x((image_2 + (line) * sizes.width + (column)) * sizes.quads + channel_quad); } a_tile[thread + 128u] = value; }
    { var value = vec4<f32>(0.0); let line = top_3 + tap_row; let column = left_3 + tap_column;
      let inside = line < sizes.height && column < sizes.width;
      if (inside && channel_quad < sizes.quads) { value = load_x((image_3 + (line) * sizes.width + (column)) * sizes.quads + channel_quad); } a_tile[thread + 192u] = value; }
    { var value = vec4<f32>(0.0); let line = top_4 + tap_row; let column = left_4 + tap_column;
      let inside = line < sizes.height && column < sizes.width;
      if (inside && channel_quad < sizes.quads) { value = load_x((image_4 + (line) * sizes.width + (column)) * sizes.quads + channel_quad); } a_tile[thread + 256u] = value; }
    { var value = vec4<f32>(0.0); let line = top_5 + tap_row; let column = left_5 + tap_column;
      let inside = line < sizes.height && column < sizes.width;
      if (inside && channel_quad < sizes.quads) { value = load_x((image_5 + (line) * sizes.width + (column)) * sizes.quads + channel_quad); } a_tile[thread + 320u] = value; }
    { var value = vec4<f32>(0.0); let line = top_6 + tap_row; let column = left_6 + tap_column;
      let inside = line < sizes.height && column < sizes.width;
      if (inside && channel_quad < sizes.quads) { value = load_x((image_6 + (line) * sizes.width + (column)) * sizes.quads + channel_quad); } a_tile[thread + 384u] = value; }
    { var value = vec4<f32>(0.0); let line = top_7 + tap_row; let column = left_7 + tap_column;
      let inside = line < sizes.height && column < sizes.width;
      if (inside && channel_quad < sizes.quads) { value = load_x((image_7 + (line) * sizes.width + (column)) * sizes.quads + channel_quad); } a_tile[thread + 448u] = value; }
    if (thread < 32u) {
    w_tile[thread + 0u] = load_weight((weight_row + w_row + 0u) * sizes.weightQuads + w_quad);
    }
    workgroupBarrier();
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
    workgroupBarrier();
  }
  { let row = tile_row + thread_row + 0u;
  if (row < sizes.rows) {
    { let quad = tile_quad + thread_column + 0u; if (quad < sizes.weightQuads) { finish(row, quad, sum_0_0); } }
  } }
  { let row = tile_row + thread_row + 32u;
  if (row < sizes.rows) {
    { let quad = tile_quad + thread_column + 0u; if (quad < sizes.weightQuads) { finish(row, quad, sum_1_0); } }
  } }
  { let row = tile_row + thread_row + 64u;
  if (row < sizes.rows) {
    { let quad = tile_quad + thread_column + 0u; if (quad < sizes.weightQuads) { finish(row, quad, sum_2_0); } }
  } }
  { let row = tile_row + thread_row + 96u;
  if (row < sizes.rows) {
    { let quad = tile_quad + thread_column + 0u; if (quad < sizes.weightQuads) { finish(row, quad, sum_3_0); } }
  } }
}
