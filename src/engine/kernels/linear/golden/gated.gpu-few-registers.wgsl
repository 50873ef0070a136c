// Kernel linear, dispatched in 80 x 2 x 1 workgroups.
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

fn activate_erf(x: vec4<f32>) -> vec4<f32> {
  let a = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - poly * exp(-a * a));
}
fn activate(x: vec4<f32>) -> vec4<f32> {
  return 0.5 * x * (1.0 + activate_erf(x * 0.7071067811865476));
}
// What becomes of four sums before they are stored.
fn finish(row: u32, quad: u32, value: vec4<f32>, gate: vec4<f32>) {
  let value_sum = value + load_bias(2u * quad);
  let gate_sum = gate + load_bias(2u * quad + 1u);
  var result = value_sum * activate(gate_sum);
  let index = row * sizes.output_quads + quad;
  store_y(index, result);
}

var<workgroup> a_tile: array<vec4<f16>, 128>; // [rows][depth / 4]
var<workgroup> w_tile: array<vec4<f16>, 128>; // [depth][columns / 4]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  // The workgroup's tile of results, and this thread's place in it.
  let tile_row = group.y * 32u;
  let tile_quad = group.x * 8u;
  let thread_row = thread / 4u;
  let thread_column = thread % 4u;
  // What this thread copies of every slice. Past the end, the last rows and columns are read again.
  let a_quad = thread % 4u;
  let a_row = thread / 4u;
  let w_row = thread / 8u;
  let w_quad = min(tile_quad + thread % 8u, sizes.weight_quads - 1u);
  let base_0 = (min(tile_row + a_row + 0u, sizes.rows - 1u)) * sizes.x_quads;
  let base_1 = (min(tile_row + a_row + 16u, sizes.rows - 1u)) * sizes.x_quads;
  let weight_place_0 = (w_row + 0u) * sizes.weight_quads + w_quad;
  let weight_place_1 = (w_row + 8u) * sizes.weight_quads + w_quad;
  var sum_0_0 = vec4<f32>(0.0);
  var sum_0_1 = vec4<f32>(0.0);
  var sum_1_0 = vec4<f32>(0.0);
  var sum_1_1 = vec4<f32>(0.0);
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
    let read_0 = load_x(base_0 + read_quad);
    let read_1 = load_x(base_1 + read_quad);
    let w_read_0 = load_weight(weight_row * sizes.weight_quads + weight_place_0);
    let w_read_1 = load_weight(weight_row * sizes.weight_quads + weight_place_1);
    a_tile[thread + 0u] = vec4<f16>(select(vec4<f32>(0.0), read_0, inside_0));
    a_tile[thread + 64u] = vec4<f16>(select(vec4<f32>(0.0), read_1, inside_1));
    w_tile[thread + 0u] = vec4<f16>(w_read_0);
    w_tile[thread + 64u] = vec4<f16>(w_read_1);
    workgroupBarrier();
    // The sums of this slice alone.
    var part_0_0 = vec4<f16>(0.0);
    var part_0_1 = vec4<f16>(0.0);
    var part_1_0 = vec4<f16>(0.0);
    var part_1_1 = vec4<f16>(0.0);
    // Multiply: four rows of W, then every row of A against them.
    for (var quad = 0u; quad < 4u; quad++) {
      let w_0_0 = w_tile[(quad * 4u + 0u) * 8u + 2u * thread_column + 0u];
      let w_0_1 = w_tile[(quad * 4u + 0u) * 8u + 2u * thread_column + 1u];
      let w_1_0 = w_tile[(quad * 4u + 1u) * 8u + 2u * thread_column + 0u];
      let w_1_1 = w_tile[(quad * 4u + 1u) * 8u + 2u * thread_column + 1u];
      let w_2_0 = w_tile[(quad * 4u + 2u) * 8u + 2u * thread_column + 0u];
      let w_2_1 = w_tile[(quad * 4u + 2u) * 8u + 2u * thread_column + 1u];
      let w_3_0 = w_tile[(quad * 4u + 3u) * 8u + 2u * thread_column + 0u];
      let w_3_1 = w_tile[(quad * 4u + 3u) * 8u + 2u * thread_column + 1u];
      let a_0 = a_tile[(thread_row + 0u) * 4u + quad];
      part_0_0 = fma(vec4<f16>(a_0[0]), w_0_0, part_0_0);
      part_0_1 = fma(vec4<f16>(a_0[0]), w_0_1, part_0_1);
      part_0_0 = fma(vec4<f16>(a_0[1]), w_1_0, part_0_0);
      part_0_1 = fma(vec4<f16>(a_0[1]), w_1_1, part_0_1);
      part_0_0 = fma(vec4<f16>(a_0[2]), w_2_0, part_0_0);
      part_0_1 = fma(vec4<f16>(a_0[2]), w_2_1, part_0_1);
      part_0_0 = fma(vec4<f16>(a_0[3]), w_3_0, part_0_0);
      part_0_1 = fma(vec4<f16>(a_0[3]), w_3_1, part_0_1);
      let a_1 = a_tile[(thread_row + 16u) * 4u + quad];
      part_1_0 = fma(vec4<f16>(a_1[0]), w_0_0, part_1_0);
      part_1_1 = fma(vec4<f16>(a_1[0]), w_0_1, part_1_1);
      part_1_0 = fma(vec4<f16>(a_1[1]), w_1_0, part_1_0);
      part_1_1 = fma(vec4<f16>(a_1[1]), w_1_1, part_1_1);
      part_1_0 = fma(vec4<f16>(a_1[2]), w_2_0, part_1_0);
      part_1_1 = fma(vec4<f16>(a_1[2]), w_2_1, part_1_1);
      part_1_0 = fma(vec4<f16>(a_1[3]), w_3_0, part_1_0);
      part_1_1 = fma(vec4<f16>(a_1[3]), w_3_1, part_1_1);
    }
    // Add them in float32.
    sum_0_0 += vec4<f32>(part_0_0);
    sum_0_1 += vec4<f32>(part_0_1);
    sum_1_0 += vec4<f32>(part_1_0);
    sum_1_1 += vec4<f32>(part_1_1);
    workgroupBarrier();
  }

  // Store, row by row, what lies inside.
  {
    let row = tile_row + thread_row + 0u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + 2u * thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad / 2u, sum_0_0, sum_0_1); }
      }
    }
  }
  {
    let row = tile_row + thread_row + 16u;
    if (row < sizes.rows) {
      {
        let quad = tile_quad + 2u * thread_column + 0u;
        if (quad < sizes.weight_quads) { finish(row, quad / 2u, sum_1_0, sum_1_1); }
      }
    }
  }
}
