// Kernel linear, dispatched in 5 x 128 x 1 workgroups.
enable f16;

struct Sizes { rows: u32, weight_quads: u32, slices: u32, x_quads: u32, output_quads: u32 }
@group(0) @binding(4) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> weight: array<vec4<f16>>;
fn load_weight(index: u32) -> vec4<f32> { return vec4<f32>(weight[index]); }
@group(0) @binding(2) var<storage, read> bias: array<vec4<f16>>;
fn load_bias(index: u32) -> vec4<f32> { return vec4<f32>(bias[index]); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn activate(x: vec4<f32>) -> vec4<f32> {
  return x / (1.0 + exp(-x));
}
// What becomes of four sums before they are stored.
fn finish(row: u32, quad: u32, value: vec4<f32>) {
  var result = value + load_bias(quad);
  result = activate(result);
  let index = row * sizes.output_quads + quad;
  store_y(index, result);
}

var<workgroup> a_tile: array<vec4<f16>, 512>; // [rows][depth / 4]
var<workgroup> w_tile: array<vec4<f16>, 256>; // [depth][columns / 4]

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // The workgroup's tile of results, and this thread's place in it.
  let tile_row = group.y * 128u;
  let tile_quad = group.x * 16u;
  let thread_row = thread / 8u;
  let thread_column = thread % 8u;
  // What this thread copies of every slice. Past the end, the last rows and columns are read again.
  let a_quad = thread % 4u;
  let a_row = thread / 4u;
  let w_row = thread / 16u;
  let w_quad = min(tile_quad + thread % 16u, sizes.weight_quads - 1u);
  let base_0 = (min(tile_row + a_row + 0u, sizes.rows - 1u)) * sizes.x_quads;
  let base_1 = (min(tile_row + a_row + 32u, sizes.rows - 1u)) * sizes.x_quads;
  let base_2 = (min(tile_row + a_row + 64u, sizes.rows - 1u)) * sizes.x_quads;
  let base_3 = (min(tile_row + a_row + 96u, sizes.rows - 1u)) * sizes.x_quads;
  let weight_place_0 = (w_row + 0u) * sizes.weight_quads + w_quad;
  let weight_place_1 = (w_row + 8u) * sizes.weight_quads + w_quad;
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
  let first_slice = 0u;
  let end_slice = sizes.slices;
  for (var slice = first_slice; slice < end_slice; slice++) {
    // Ask for the slice of A and of W, all of it, then copy it to workgroup memory.
    let channel_quad = slice * 4u + a_quad;
    let weight_row = slice * 16u;
    let inside = channel_quad < sizes.x_quads;
    let read_quad = min(channel_quad, sizes.x_quads - 1u);
    let inside_0 = inside;
    let inside_1 = inside;
    let inside_2 = inside;
    let inside_3 = inside;
    let read_0 = load_x(base_0 + read_quad);
    let read_1 = load_x(base_1 + read_quad);
    let read_2 = load_x(base_2 + read_quad);
    let read_3 = load_x(base_3 + read_quad);
    let w_read_0 = load_weight(weight_row * sizes.weight_quads + weight_place_0);
    let w_read_1 = load_weight(weight_row * sizes.weight_quads + weight_place_1);
    a_tile[thread + 0u] = vec4<f16>(select(vec4<f32>(0.0), read_0, inside_0));
    a_tile[thread + 128u] = vec4<f16>(select(vec4<f32>(0.0), read_1, inside_1));
    a_tile[thread + 256u] = vec4<f16>(select(vec4<f32>(0.0), read_2, inside_2));
    a_tile[thread + 384u] = vec4<f16>(select(vec4<f32>(0.0), read_3, inside_3));
    w_tile[thread + 0u] = vec4<f16>(w_read_0);
    w_tile[thread + 128u] = vec4<f16>(w_read_1);
    workgroupBarrier();
    // Multiply: four rows of W, then every row of A against them.
    for (var quad = 0u; quad < 4u; quad++) {
      let w_0_0 = vec4<f32>(w_tile[(quad * 4u + 0u) * 16u + thread_column + 0u]);
      let w_0_1 = vec4<f32>(w_tile[(quad * 4u + 0u) * 16u + thread_column + 8u]);
      let w_1_0 = vec4<f32>(w_tile[(quad * 4u + 1u) * 16u + thread_column + 0u]);
      let w_1_1 = vec4<f32>(w_tile[(quad * 4u + 1u) * 16u + thread_column + 8u]);
      let w_2_0 = vec4<f32>(w_tile[(quad * 4u + 2u) * 16u + thread_column + 0u]);
      let w_2_1 = vec4<f32>(w_tile[(quad * 4u + 2u) * 16u + thread_column + 8u]);
      let w_3_0 = vec4<f32>(w_tile[(quad * 4u + 3u) * 16u + thread_column + 0u]);
      let w_3_1 = vec4<f32>(w_tile[(quad * 4u + 3u) * 16u + thread_column + 8u]);
      let a_0 = vec4<f32>(a_tile[(thread_row + 0u) * 4u + quad]);
      sum_0_0 = fma(vec4<f32>(a_0[0]), w_0_0, sum_0_0);
      sum_0_1 = fma(vec4<f32>(a_0[0]), w_0_1, sum_0_1);
      sum_0_0 = fma(vec4<f32>(a_0[1]), w_1_0, sum_0_0);
      sum_0_1 = fma(vec4<f32>(a_0[1]), w_1_1, sum_0_1);
      sum_0_0 = fma(vec4<f32>(a_0[2]), w_2_0, sum_0_0);
      sum_0_1 = fma(vec4<f32>(a_0[2]), w_2_1, sum_0_1);
      sum_0_0 = fma(vec4<f32>(a_0[3]), w_3_0, sum_0_0);
      sum_0_1 = fma(vec4<f32>(a_0[3]), w_3_1, sum_0_1);
      let a_1 = vec4<f32>(a_tile[(thread_row + 16u) * 4u + quad]);
      sum_1_0 = fma(vec4<f32>(a_1[0]), w_0_0, sum_1_0);
      sum_1_1 = fma(vec4<f32>(a_1[0]), w_0_1, sum_1_1);
      sum_1_0 = fma(vec4<f32>(a_1[1]), w_1_0, sum_1_0);
      sum_1_1 = fma(vec4<f32>(a_1[1]), w_1_1, sum_1_1);
      sum_1_0 = fma(vec4<f32>(a_1[2]), w_2_0, sum_1_0);
      sum_1_1 = fma(vec4<f32>(a_1[2]), w_2_1, sum_1_1);
      sum_1_0 = fma(vec4<f32>(a_1[3]), w_3_0, sum_1_0);
      sum_1_1 = fma(vec4<f32>(a_1[3]), w_3_1, sum_1_1);
      let a_2 = vec4<f32>(a_tile[(thread_row + 32u) * 4u + quad]);
      sum_2_0 = fma(vec4<f32>(a_2[0]), w_0_0, sum_2_0);
      sum_2_1 = fma(vec4<f32>(a_2[0]), w_0_1, sum_2_1);
      sum_2_0 = fma(vec4<f32>(a_2[1]), w_1_0, sum_2_0);
      sum_2_1 = fma(vec4<f32>(a_2[1]), w_1_1, sum_2_1);
      sum_2_0 = fma(vec4<f32>(a_2[2]), w_2_0, sum_2_0);
      sum_2_1 = fma(vec4<f32>(a_2[2]), w_2_1, sum_2_1);
      sum_2_0 = fma(vec4<f32>(a_2[3]), w_3_0, sum_2_0);
      sum_2_1 = fma(vec4<f32>(a_2[3]), w_3_1, sum_2_1);
      let a_3 = vec4<f32>(a_tile[(thread_row + 48u) * 4u + quad]);
      sum_3_0 = fma(vec4<f32>(a_3[0]), w_0_0, sum_3_0);
      sum_3_1 = fma(vec4<f32>(a_3[0]), w_0_1, sum_3_1);
      sum_3_0 = fma(vec4<f32>(a_3[1]), w_1_0, sum_3_0);
      sum_3_1 = fma(vec4<f32>(a_3[1]), w_1_1, sum_3_1);
      sum_3_0 = fma(vec4<f32>(a_3[2]), w_2_0, sum_3_0);
      sum_3_1 = fma(vec4<f32>(a_3[2]), w_2_1, sum_3_1);
      sum_3_0 = fma(vec4<f32>(a_3[3]), w_3_0, sum_3_0);
      sum_3_1 = fma(vec4<f32>(a_3[3]), w_3_1, sum_3_1);
      let a_4 = vec4<f32>(a_tile[(thread_row + 64u) * 4u + quad]);
      sum_4_0 = fma(vec4<f32>(a_4[0]), w_0_0, sum_4_0);
      sum_4_1 = fma(vec4<f32>(a_4[0]), w_0_1, sum_4_1);
      sum_4_0 = fma(vec4<f32>(a_4[1]), w_1_0, sum_4_0);
      sum_4_1 = fma(vec4<f32>(a_4[1]), w_1_1, sum_4_1);
      sum_4_0 = fma(vec4<f32>(a_4[2]), w_2_0, sum_4_0);
      sum_4_1 = fma(vec4<f32>(a_4[2]), w_2_1, sum_4_1);
      sum_4_0 = fma(vec4<f32>(a_4[3]), w_3_0, sum_4_0);
      sum_4_1 = fma(vec4<f32>(a_4[3]), w_3_1, sum_4_1);
      let a_5 = vec4<f32>(a_tile[(thread_row + 80u) * 4u + quad]);
      sum_5_0 = fma(vec4<f32>(a_5[0]), w_0_0, sum_5_0);
      sum_5_1 = fma(vec4<f32>(a_5[0]), w_0_1, sum_5_1);
      sum_5_0 = fma(vec4<f32>(a_5[1]), w_1_0, sum_5_0);
      sum_5_1 = fma(vec4<f32>(a_5[1]), w_1_1, sum_5_1);
      sum_5_0 = fma(vec4<f32>(a_5[2]), w_2_0, sum_5_0);
      sum_5_1 = fma(vec4<f32>(a_5[2]), w_2_1, sum_5_1);
      sum_5_0 = fma(vec4<f32>(a_5[3]), w_3_0, sum_5_0);
      sum_5_1 = fma(vec4<f32>(a_5[3]), w_3_1, sum_5_1);
      let a_6 = vec4<f32>(a_tile[(thread_row + 96u) * 4u + quad]);
      sum_6_0 = fma(vec4<f32>(a_6[0]), w_0_0, sum_6_0);
      sum_6_1 = fma(vec4<f32>(a_6[0]), w_0_1, sum_6_1);
      sum_6_0 = fma(vec4<f32>(a_6[1]), w_1_0, sum_6_0);
      sum_6_1 = fma(vec4<f32>(a_6[1]), w_1_1, sum_6_1);
      sum_6_0 = fma(vec4<f32>(a_6[2]), w_2_0, sum_6_0);
      sum_6_1 = fma(vec4<f32>(a_6[2]), w_2_1, sum_6_1);
      sum_6_0 = fma(vec4<f32>(a_6[3]), w_3_0, sum_6_0);
      sum_6_1 = fma(vec4<f32>(a_6[3]), w_3_1, sum_6_1);
      let a_7 = vec4<f32>(a_tile[(thread_row + 112u) * 4u + quad]);
      sum_7_0 = fma(vec4<f32>(a_7[0]), w_0_0, sum_7_0);
      sum_7_1 = fma(vec4<f32>(a_7[0]), w_0_1, sum_7_1);
      sum_7_0 = fma(vec4<f32>(a_7[1]), w_1_0, sum_7_0);
      sum_7_1 = fma(vec4<f32>(a_7[1]), w_1_1, sum_7_1);
      sum_7_0 = fma(vec4<f32>(a_7[2]), w_2_0, sum_7_0);
      sum_7_1 = fma(vec4<f32>(a_7[2]), w_2_1, sum_7_1);
      sum_7_0 = fma(vec4<f32>(a_7[3]), w_3_0, sum_7_0);
      sum_7_1 = fma(vec4<f32>(a_7[3]), w_3_1, sum_7_1);
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
      {
        let quad = tile_quad + thread_column + 8u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_0_1); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 16u;
    if (row < sizes.rows) {
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
    let row = tile_row + thread_row + 32u;
    if (row < sizes.rows) {
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
    let row = tile_row + thread_row + 48u;
    if (row < sizes.rows) {
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
  {
    let row = tile_row + thread_row + 64u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_4_0); }
      }
      {
        let quad = tile_quad + thread_column + 8u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_4_1); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 80u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_5_0); }
      }
      {
        let quad = tile_quad + thread_column + 8u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_5_1); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 96u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_6_0); }
      }
      {
        let quad = tile_quad + thread_column + 8u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_6_1); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 112u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_7_0); }
      }
      {
        let quad = tile_quad + thread_column + 8u;
        if (quad < sizes.weight_quads) { finish(row, quad, sum_7_1); }
      }
    }
  }
}
