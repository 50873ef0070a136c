// Kernel cross-attention-nasa, dispatched in 4 x 4 x 1 workgroups.
enable f16;

struct Sizes { tokens: u32, head_size: u32, quads: u32, capacity: u32, negative_capacity: u32, rows: u32, weight_quads: u32, slices: u32, x_quads: u32, k_stride: u32, k_offset: u32, k_head: u32, v_stride: u32, v_offset: u32, v_head: u32, negative_k_stride: u32, negative_k_offset: u32, negative_k_head: u32, negative_v_stride: u32, negative_v_offset: u32, negative_v_head: u32, y_stride: u32, y_channels: u32, negative_signs: u32, negative_offset: u32, scale: f32 }
@group(0) @binding(6) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
fn load_x(index: u32) -> vec4<f32> { return vec4<f32>(x[index]); }
@group(0) @binding(1) var<storage, read> weight: array<vec4<f16>>;
fn load_weight(index: u32) -> vec4<f32> { return vec4<f32>(weight[index]); }
@group(0) @binding(2) var<storage, read> k: array<vec4<f16>>;
fn load_k(index: u32) -> vec4<f32> { return vec4<f32>(k[index]); }
@group(0) @binding(3) var<storage, read> negative_k: array<vec4<f16>>;
fn load_negative_k(index: u32) -> vec4<f32> { return vec4<f32>(negative_k[index]); }
@group(0) @binding(4) var<storage, read> steering: array<f32>;
fn load_steering(index: u32) -> f32 { return steering[index]; }
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn quad_k(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_k(row * sizes.k_stride + (sizes.k_offset + head * sizes.k_head) + quad); }
fn quad_v(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_k(row * sizes.v_stride + (sizes.v_offset + head * sizes.v_head) + quad); }
fn quad_negative_k(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_negative_k(row * sizes.negative_k_stride + (sizes.negative_k_offset + head * sizes.negative_k_head) + quad); }
fn quad_negative_v(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_negative_k(row * sizes.negative_v_stride + (sizes.negative_v_offset + head * sizes.negative_v_head) + quad); }
fn signs_of(branch: u32, key: u32) -> vec4<f32> {
  let begin = select(sizes.negative_signs, 8u, branch == 0u);
  let last = select(sizes.negative_capacity, sizes.capacity, branch == 0u) - 1u;
  return vec4<f32>(
    load_steering(begin + min(key, last)),
    load_steering(begin + min(key + 1u, last)),
    load_steering(begin + min(key + 2u, last)),
    load_steering(begin + min(key + 3u, last)),
  );
}
fn write_y(row: u32, offset: u32, head: u32, quad: u32, value: vec4<f32>) { store_y(row * sizes.y_stride + offset + head * sizes.quads + quad, value); }

var<workgroup> staged_q: array<vec4<f16>, 576>; // [query][quad]
var<workgroup> staged: array<vec4<f16>, 272>; // keys, then values
var<workgroup> staged_weights: array<vec4<f16>, 256>; // [query][key / 4]
var<workgroup> partial: array<f32, 256>; // [query][column]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let head = group.y;
  let batch = group.z;
  // Without negative keys, or with weight 0, there is one branch.
  let positive_keys = min(u32(load_steering(0u)), sizes.capacity);
  let negative_keys = min(u32(load_steering(1u)), sizes.negative_capacity);
  let weight = load_steering(2u);
  let branches = select(1u, 2u, negative_keys > 0u && weight != 0.0);
  // This thread's place: a column of keys and channels, a row of queries.
  let column = thread % 4u;
  let first_row = thread / 4u;
  let first_token = group.x * 64u;
  // What this thread copies of every tile.
  let row_k_0 = (thread + 0u) / 8u;
  let slot_k_0 = (thread + 0u) % 8u;
  let quad_k_0 = slot_k_0;
  let row_k_1 = (thread + 64u) / 8u;
  let slot_k_1 = (thread + 64u) % 8u;
  let quad_k_1 = slot_k_1;
  let key_k_0 = row_k_0 % 4u * 4u + row_k_0 / 4u;
  let key_k_1 = row_k_1 % 4u * 4u + row_k_1 / 4u;
  let row_v_0 = (thread + 0u) / 8u;
  let slot_v_0 = (thread + 0u) % 8u;
  let quad_v_0 = slot_v_0;
  let row_v_1 = (thread + 64u) / 8u;
  let slot_v_1 = (thread + 64u) % 8u;
  let quad_v_1 = slot_v_1;
  var output_0_0 = vec4<f32>(0.0);
  var kept_0_0 = vec4<f32>(0.0);
  var output_0_1 = vec4<f32>(0.0);
  var kept_0_1 = vec4<f32>(0.0);
  var output_1_0 = vec4<f32>(0.0);
  var kept_1_0 = vec4<f32>(0.0);
  var output_1_1 = vec4<f32>(0.0);
  var kept_1_1 = vec4<f32>(0.0);
  var output_2_0 = vec4<f32>(0.0);
  var kept_2_0 = vec4<f32>(0.0);
  var output_2_1 = vec4<f32>(0.0);
  var kept_2_1 = vec4<f32>(0.0);
  var output_3_0 = vec4<f32>(0.0);
  var kept_3_0 = vec4<f32>(0.0);
  var output_3_1 = vec4<f32>(0.0);
  var kept_3_1 = vec4<f32>(0.0);
  {
    // Project the queries.
    // The workgroup's tile of results, and this thread's place in it.
    let tile_row = batch * sizes.tokens + first_token;
    let tile_quad = head * 8u;
    let thread_row = thread / 4u;
    let thread_column = thread % 4u;
    // What this thread copies of every slice. Past the end, the last rows and columns are read again.
    let a_quad = thread % 4u;
    let a_row = thread / 4u;
    let w_row = thread / 8u;
    let w_quad = min(tile_quad + thread % 8u, sizes.weight_quads - 1u);
    let base_0 = (min(tile_row + a_row + 0u, sizes.rows - 1u)) * sizes.x_quads;
    let base_1 = (min(tile_row + a_row + 16u, sizes.rows - 1u)) * sizes.x_quads;
    let base_2 = (min(tile_row + a_row + 32u, sizes.rows - 1u)) * sizes.x_quads;
    let base_3 = (min(tile_row + a_row + 48u, sizes.rows - 1u)) * sizes.x_quads;
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
      staged_q[thread + 0u] = vec4<f16>(select(vec4<f32>(0.0), read_0, inside_0));
      staged_q[thread + 64u] = vec4<f16>(select(vec4<f32>(0.0), read_1, inside_1));
      staged_q[thread + 128u] = vec4<f16>(select(vec4<f32>(0.0), read_2, inside_2));
      staged_q[thread + 192u] = vec4<f16>(select(vec4<f32>(0.0), read_3, inside_3));
      staged_q[256u + thread + 0u] = vec4<f16>(w_read_0);
      staged_q[256u + thread + 64u] = vec4<f16>(w_read_1);
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
        let w_0_0 = staged_q[256u + (quad * 4u + 0u) * 8u + thread_column + 0u];
        let w_0_1 = staged_q[256u + (quad * 4u + 0u) * 8u + thread_column + 4u];
        let w_1_0 = staged_q[256u + (quad * 4u + 1u) * 8u + thread_column + 0u];
        let w_1_1 = staged_q[256u + (quad * 4u + 1u) * 8u + thread_column + 4u];
        let w_2_0 = staged_q[256u + (quad * 4u + 2u) * 8u + thread_column + 0u];
        let w_2_1 = staged_q[256u + (quad * 4u + 2u) * 8u + thread_column + 4u];
        let w_3_0 = staged_q[256u + (quad * 4u + 3u) * 8u + thread_column + 0u];
        let w_3_1 = staged_q[256u + (quad * 4u + 3u) * 8u + thread_column + 4u];
        let a_0 = staged_q[(thread_row + 0u) * 4u + quad];
        part_0_0 = fma(vec4<f16>(a_0[0]), w_0_0, part_0_0);
        part_0_1 = fma(vec4<f16>(a_0[0]), w_0_1, part_0_1);
        part_0_0 = fma(vec4<f16>(a_0[1]), w_1_0, part_0_0);
        part_0_1 = fma(vec4<f16>(a_0[1]), w_1_1, part_0_1);
        part_0_0 = fma(vec4<f16>(a_0[2]), w_2_0, part_0_0);
        part_0_1 = fma(vec4<f16>(a_0[2]), w_2_1, part_0_1);
        part_0_0 = fma(vec4<f16>(a_0[3]), w_3_0, part_0_0);
        part_0_1 = fma(vec4<f16>(a_0[3]), w_3_1, part_0_1);
        let a_1 = staged_q[(thread_row + 16u) * 4u + quad];
        part_1_0 = fma(vec4<f16>(a_1[0]), w_0_0, part_1_0);
        part_1_1 = fma(vec4<f16>(a_1[0]), w_0_1, part_1_1);
        part_1_0 = fma(vec4<f16>(a_1[1]), w_1_0, part_1_0);
        part_1_1 = fma(vec4<f16>(a_1[1]), w_1_1, part_1_1);
        part_1_0 = fma(vec4<f16>(a_1[2]), w_2_0, part_1_0);
        part_1_1 = fma(vec4<f16>(a_1[2]), w_2_1, part_1_1);
        part_1_0 = fma(vec4<f16>(a_1[3]), w_3_0, part_1_0);
        part_1_1 = fma(vec4<f16>(a_1[3]), w_3_1, part_1_1);
        let a_2 = staged_q[(thread_row + 32u) * 4u + quad];
        part_2_0 = fma(vec4<f16>(a_2[0]), w_0_0, part_2_0);
        part_2_1 = fma(vec4<f16>(a_2[0]), w_0_1, part_2_1);
        part_2_0 = fma(vec4<f16>(a_2[1]), w_1_0, part_2_0);
        part_2_1 = fma(vec4<f16>(a_2[1]), w_1_1, part_2_1);
        part_2_0 = fma(vec4<f16>(a_2[2]), w_2_0, part_2_0);
        part_2_1 = fma(vec4<f16>(a_2[2]), w_2_1, part_2_1);
        part_2_0 = fma(vec4<f16>(a_2[3]), w_3_0, part_2_0);
        part_2_1 = fma(vec4<f16>(a_2[3]), w_3_1, part_2_1);
        let a_3 = staged_q[(thread_row + 48u) * 4u + quad];
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
      workgroupBarrier();
    }
    // Stage them.
    staged_q[(thread_row + 0u) * 9u + thread_column + 0u] = vec4<f16>(sum_0_0 * sizes.scale);
    staged_q[(thread_row + 0u) * 9u + thread_column + 4u] = vec4<f16>(sum_0_1 * sizes.scale);
    staged_q[(thread_row + 16u) * 9u + thread_column + 0u] = vec4<f16>(sum_1_0 * sizes.scale);
    staged_q[(thread_row + 16u) * 9u + thread_column + 4u] = vec4<f16>(sum_1_1 * sizes.scale);
    staged_q[(thread_row + 32u) * 9u + thread_column + 0u] = vec4<f16>(sum_2_0 * sizes.scale);
    staged_q[(thread_row + 32u) * 9u + thread_column + 4u] = vec4<f16>(sum_2_1 * sizes.scale);
    staged_q[(thread_row + 48u) * 9u + thread_column + 0u] = vec4<f16>(sum_3_0 * sizes.scale);
    staged_q[(thread_row + 48u) * 9u + thread_column + 4u] = vec4<f16>(sum_3_1 * sizes.scale);
  }
  for (var branch = 0u; branch < branches; branch++) {
    let key_end = select(negative_keys, positive_keys, branch == 0u);
    // A fresh softmax.
    var maximum_0 = -3.0e38;
    var total_0 = 0.0;
    var maximum_1 = -3.0e38;
    var total_1 = 0.0;
    var maximum_2 = -3.0e38;
    var total_2 = 0.0;
    var maximum_3 = -3.0e38;
    var total_3 = 0.0;
    output_0_0 = vec4<f32>(0.0);
    output_0_1 = vec4<f32>(0.0);
    output_1_0 = vec4<f32>(0.0);
    output_1_1 = vec4<f32>(0.0);
    output_2_0 = vec4<f32>(0.0);
    output_2_1 = vec4<f32>(0.0);
    output_3_0 = vec4<f32>(0.0);
    output_3_1 = vec4<f32>(0.0);

    for (var first_key = 0u; first_key < key_end; first_key += 16u) {
      // Stage the tile's keys and values.
      var read_k_0: vec4<f32>;
      var read_k_1: vec4<f32>;
      if (branch == 0u) {
        read_k_0 = quad_k(min(first_key + key_k_0, key_end - 1u), head, quad_k_0);
        read_k_1 = quad_k(min(first_key + key_k_1, key_end - 1u), head, quad_k_1);
      } else {
        read_k_0 = quad_negative_k(min(first_key + key_k_0, key_end - 1u), head, quad_k_0);
        read_k_1 = quad_negative_k(min(first_key + key_k_1, key_end - 1u), head, quad_k_1);
      }
      var read_v_0: vec4<f32>;
      var read_v_1: vec4<f32>;
      if (branch == 0u) {
        read_v_0 = quad_v(min(first_key + row_v_0, key_end - 1u), head, quad_v_0);
        read_v_1 = quad_v(min(first_key + row_v_1, key_end - 1u), head, quad_v_1);
      } else {
        read_v_0 = quad_negative_v(min(first_key + row_v_0, key_end - 1u), head, quad_v_0);
        read_v_1 = quad_negative_v(min(first_key + row_v_1, key_end - 1u), head, quad_v_1);
      }
      staged[row_k_0 * 9u + slot_k_0] = vec4<f16>(read_k_0);
      staged[row_k_1 * 9u + slot_k_1] = vec4<f16>(read_k_1);
      staged[144u + row_v_0 * 8u + slot_v_0] = vec4<f16>(read_v_0);
      staged[144u + row_v_1 * 8u + slot_v_1] = vec4<f16>(read_v_1);
      workgroupBarrier();
      var scores_0 = vec4<f32>(0.0);
      var scores_1 = vec4<f32>(0.0);
      var scores_2 = vec4<f32>(0.0);
      var scores_3 = vec4<f32>(0.0);
      var dot_0_0 = vec4<f16>(0.0);
      var dot_0_1 = vec4<f16>(0.0);
      var dot_0_2 = vec4<f16>(0.0);
      var dot_0_3 = vec4<f16>(0.0);
      var dot_1_0 = vec4<f16>(0.0);
      var dot_1_1 = vec4<f16>(0.0);
      var dot_1_2 = vec4<f16>(0.0);
      var dot_1_3 = vec4<f16>(0.0);
      var dot_2_0 = vec4<f16>(0.0);
      var dot_2_1 = vec4<f16>(0.0);
      var dot_2_2 = vec4<f16>(0.0);
      var dot_2_3 = vec4<f16>(0.0);
      var dot_3_0 = vec4<f16>(0.0);
      var dot_3_1 = vec4<f16>(0.0);
      var dot_3_2 = vec4<f16>(0.0);
      var dot_3_3 = vec4<f16>(0.0);
      // Scores: every query against four keys, four channels at a time.
      for (var quad = 0u; quad < 8u; quad++) {
        let k_0 = staged[(0u + column) * 9u + quad];
        let k_1 = staged[(4u + column) * 9u + quad];
        let k_2 = staged[(8u + column) * 9u + quad];
        let k_3 = staged[(12u + column) * 9u + quad];
        let q_0 = staged_q[(first_row + 0u) * 9u + quad];
        let q_1 = staged_q[(first_row + 16u) * 9u + quad];
        let q_2 = staged_q[(first_row + 32u) * 9u + quad];
        let q_3 = staged_q[(first_row + 48u) * 9u + quad];
        dot_0_0 = fma(q_0, k_0, dot_0_0);
        dot_0_1 = fma(q_0, k_1, dot_0_1);
        dot_0_2 = fma(q_0, k_2, dot_0_2);
        dot_0_3 = fma(q_0, k_3, dot_0_3);
        dot_1_0 = fma(q_1, k_0, dot_1_0);
        dot_1_1 = fma(q_1, k_1, dot_1_1);
        dot_1_2 = fma(q_1, k_2, dot_1_2);
        dot_1_3 = fma(q_1, k_3, dot_1_3);
        dot_2_0 = fma(q_2, k_0, dot_2_0);
        dot_2_1 = fma(q_2, k_1, dot_2_1);
        dot_2_2 = fma(q_2, k_2, dot_2_2);
        dot_2_3 = fma(q_2, k_3, dot_2_3);
        dot_3_0 = fma(q_3, k_0, dot_3_0);
        dot_3_1 = fma(q_3, k_1, dot_3_1);
        dot_3_2 = fma(q_3, k_2, dot_3_2);
        dot_3_3 = fma(q_3, k_3, dot_3_3);
      }
      // Add their lanes in float32.
      let dot_0_0_pair = dot_0_0.xy + dot_0_0.zw;
      scores_0.x += f32(dot_0_0_pair.x) + f32(dot_0_0_pair.y);
      let dot_0_1_pair = dot_0_1.xy + dot_0_1.zw;
      scores_0.y += f32(dot_0_1_pair.x) + f32(dot_0_1_pair.y);
      let dot_0_2_pair = dot_0_2.xy + dot_0_2.zw;
      scores_0.z += f32(dot_0_2_pair.x) + f32(dot_0_2_pair.y);
      let dot_0_3_pair = dot_0_3.xy + dot_0_3.zw;
      scores_0.w += f32(dot_0_3_pair.x) + f32(dot_0_3_pair.y);
      let dot_1_0_pair = dot_1_0.xy + dot_1_0.zw;
      scores_1.x += f32(dot_1_0_pair.x) + f32(dot_1_0_pair.y);
      let dot_1_1_pair = dot_1_1.xy + dot_1_1.zw;
      scores_1.y += f32(dot_1_1_pair.x) + f32(dot_1_1_pair.y);
      let dot_1_2_pair = dot_1_2.xy + dot_1_2.zw;
      scores_1.z += f32(dot_1_2_pair.x) + f32(dot_1_2_pair.y);
      let dot_1_3_pair = dot_1_3.xy + dot_1_3.zw;
      scores_1.w += f32(dot_1_3_pair.x) + f32(dot_1_3_pair.y);
      let dot_2_0_pair = dot_2_0.xy + dot_2_0.zw;
      scores_2.x += f32(dot_2_0_pair.x) + f32(dot_2_0_pair.y);
      let dot_2_1_pair = dot_2_1.xy + dot_2_1.zw;
      scores_2.y += f32(dot_2_1_pair.x) + f32(dot_2_1_pair.y);
      let dot_2_2_pair = dot_2_2.xy + dot_2_2.zw;
      scores_2.z += f32(dot_2_2_pair.x) + f32(dot_2_2_pair.y);
      let dot_2_3_pair = dot_2_3.xy + dot_2_3.zw;
      scores_2.w += f32(dot_2_3_pair.x) + f32(dot_2_3_pair.y);
      let dot_3_0_pair = dot_3_0.xy + dot_3_0.zw;
      scores_3.x += f32(dot_3_0_pair.x) + f32(dot_3_0_pair.y);
      let dot_3_1_pair = dot_3_1.xy + dot_3_1.zw;
      scores_3.y += f32(dot_3_1_pair.x) + f32(dot_3_1_pair.y);
      let dot_3_2_pair = dot_3_2.xy + dot_3_2.zw;
      scores_3.z += f32(dot_3_2_pair.x) + f32(dot_3_2_pair.y);
      let dot_3_3_pair = dot_3_3.xy + dot_3_3.zw;
      scores_3.w += f32(dot_3_3_pair.x) + f32(dot_3_3_pair.y);
      // Leave out keys past the end.
      if (first_key + 16u > key_end) {
        let keys = vec4<u32>(first_key + column * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
        scores_0 = select(vec4<f32>(-3.0e38), scores_0, keys < vec4<u32>(key_end));
        scores_1 = select(vec4<f32>(-3.0e38), scores_1, keys < vec4<u32>(key_end));
        scores_2 = select(vec4<f32>(-3.0e38), scores_2, keys < vec4<u32>(key_end));
        scores_3 = select(vec4<f32>(-3.0e38), scores_3, keys < vec4<u32>(key_end));
      }
      let factors = signs_of(branch, first_key + column * 4u);
      // The maximum of a row: of this thread's keys, then of all columns.
      partial[(first_row + 0u) * 4u + column] = max(max(scores_0.x, scores_0.y), max(scores_0.z, scores_0.w));
      partial[(first_row + 16u) * 4u + column] = max(max(scores_1.x, scores_1.y), max(scores_1.z, scores_1.w));
      partial[(first_row + 32u) * 4u + column] = max(max(scores_2.x, scores_2.y), max(scores_2.z, scores_2.w));
      partial[(first_row + 48u) * 4u + column] = max(max(scores_3.x, scores_3.y), max(scores_3.z, scores_3.w));
      workgroupBarrier();
      // Weights of query 0; what was summed under the old maximum shrinks.
      let new_maximum_0 = max(max(max(max(maximum_0, partial[(first_row + 0u) * 4u + 0u]), partial[(first_row + 0u) * 4u + 1u]), partial[(first_row + 0u) * 4u + 2u]), partial[(first_row + 0u) * 4u + 3u]);
      let shrink_0 = exp2(maximum_0 - new_maximum_0);
      let weights_0 = exp2(scores_0 - new_maximum_0);
      maximum_0 = new_maximum_0;
      total_0 = total_0 * shrink_0 + (weights_0.x + weights_0.y + weights_0.z + weights_0.w);
      staged_weights[(first_row + 0u) * 4u + column] = vec4<f16>(weights_0 * factors);
      // Weights of query 1; what was summed under the old maximum shrinks.
      let new_maximum_1 = max(max(max(max(maximum_1, partial[(first_row + 16u) * 4u + 0u]), partial[(first_row + 16u) * 4u + 1u]), partial[(first_row + 16u) * 4u + 2u]), partial[(first_row + 16u) * 4u + 3u]);
      let shrink_1 = exp2(maximum_1 - new_maximum_1);
      let weights_1 = exp2(scores_1 - new_maximum_1);
      maximum_1 = new_maximum_1;
      total_1 = total_1 * shrink_1 + (weights_1.x + weights_1.y + weights_1.z + weights_1.w);
      staged_weights[(first_row + 16u) * 4u + column] = vec4<f16>(weights_1 * factors);
      // Weights of query 2; what was summed under the old maximum shrinks.
      let new_maximum_2 = max(max(max(max(maximum_2, partial[(first_row + 32u) * 4u + 0u]), partial[(first_row + 32u) * 4u + 1u]), partial[(first_row + 32u) * 4u + 2u]), partial[(first_row + 32u) * 4u + 3u]);
      let shrink_2 = exp2(maximum_2 - new_maximum_2);
      let weights_2 = exp2(scores_2 - new_maximum_2);
      maximum_2 = new_maximum_2;
      total_2 = total_2 * shrink_2 + (weights_2.x + weights_2.y + weights_2.z + weights_2.w);
      staged_weights[(first_row + 32u) * 4u + column] = vec4<f16>(weights_2 * factors);
      // Weights of query 3; what was summed under the old maximum shrinks.
      let new_maximum_3 = max(max(max(max(maximum_3, partial[(first_row + 48u) * 4u + 0u]), partial[(first_row + 48u) * 4u + 1u]), partial[(first_row + 48u) * 4u + 2u]), partial[(first_row + 48u) * 4u + 3u]);
      let shrink_3 = exp2(maximum_3 - new_maximum_3);
      let weights_3 = exp2(scores_3 - new_maximum_3);
      maximum_3 = new_maximum_3;
      total_3 = total_3 * shrink_3 + (weights_3.x + weights_3.y + weights_3.z + weights_3.w);
      staged_weights[(first_row + 48u) * 4u + column] = vec4<f16>(weights_3 * factors);
      workgroupBarrier();
      var part_0_0 = vec4<f16>(0.0);
      var part_0_1 = vec4<f16>(0.0);
      var part_1_0 = vec4<f16>(0.0);
      var part_1_1 = vec4<f16>(0.0);
      var part_2_0 = vec4<f16>(0.0);
      var part_2_1 = vec4<f16>(0.0);
      var part_3_0 = vec4<f16>(0.0);
      var part_3_1 = vec4<f16>(0.0);
      // Output: weights times values, four keys at a time.
      for (var row = 0u; row < 4u; row++) {
        let weights_0 = staged_weights[(first_row + 0u) * 4u + row];
        let weights_1 = staged_weights[(first_row + 16u) * 4u + row];
        let weights_2 = staged_weights[(first_row + 32u) * 4u + row];
        let weights_3 = staged_weights[(first_row + 48u) * 4u + row];
        let v_0_0 = staged[144u + (row * 4u + 0u) * 8u + 0u + column];
        part_0_0 = fma(vec4<f16>(weights_0.x), v_0_0, part_0_0);
        part_1_0 = fma(vec4<f16>(weights_1.x), v_0_0, part_1_0);
        part_2_0 = fma(vec4<f16>(weights_2.x), v_0_0, part_2_0);
        part_3_0 = fma(vec4<f16>(weights_3.x), v_0_0, part_3_0);
        let v_0_1 = staged[144u + (row * 4u + 0u) * 8u + 4u + column];
        part_0_1 = fma(vec4<f16>(weights_0.x), v_0_1, part_0_1);
        part_1_1 = fma(vec4<f16>(weights_1.x), v_0_1, part_1_1);
        part_2_1 = fma(vec4<f16>(weights_2.x), v_0_1, part_2_1);
        part_3_1 = fma(vec4<f16>(weights_3.x), v_0_1, part_3_1);
        let v_1_0 = staged[144u + (row * 4u + 1u) * 8u + 0u + column];
        part_0_0 = fma(vec4<f16>(weights_0.y), v_1_0, part_0_0);
        part_1_0 = fma(vec4<f16>(weights_1.y), v_1_0, part_1_0);
        part_2_0 = fma(vec4<f16>(weights_2.y), v_1_0, part_2_0);
        part_3_0 = fma(vec4<f16>(weights_3.y), v_1_0, part_3_0);
        let v_1_1 = staged[144u + (row * 4u + 1u) * 8u + 4u + column];
        part_0_1 = fma(vec4<f16>(weights_0.y), v_1_1, part_0_1);
        part_1_1 = fma(vec4<f16>(weights_1.y), v_1_1, part_1_1);
        part_2_1 = fma(vec4<f16>(weights_2.y), v_1_1, part_2_1);
        part_3_1 = fma(vec4<f16>(weights_3.y), v_1_1, part_3_1);
        let v_2_0 = staged[144u + (row * 4u + 2u) * 8u + 0u + column];
        part_0_0 = fma(vec4<f16>(weights_0.z), v_2_0, part_0_0);
        part_1_0 = fma(vec4<f16>(weights_1.z), v_2_0, part_1_0);
        part_2_0 = fma(vec4<f16>(weights_2.z), v_2_0, part_2_0);
        part_3_0 = fma(vec4<f16>(weights_3.z), v_2_0, part_3_0);
        let v_2_1 = staged[144u + (row * 4u + 2u) * 8u + 4u + column];
        part_0_1 = fma(vec4<f16>(weights_0.z), v_2_1, part_0_1);
        part_1_1 = fma(vec4<f16>(weights_1.z), v_2_1, part_1_1);
        part_2_1 = fma(vec4<f16>(weights_2.z), v_2_1, part_2_1);
        part_3_1 = fma(vec4<f16>(weights_3.z), v_2_1, part_3_1);
        let v_3_0 = staged[144u + (row * 4u + 3u) * 8u + 0u + column];
        part_0_0 = fma(vec4<f16>(weights_0.w), v_3_0, part_0_0);
        part_1_0 = fma(vec4<f16>(weights_1.w), v_3_0, part_1_0);
        part_2_0 = fma(vec4<f16>(weights_2.w), v_3_0, part_2_0);
        part_3_0 = fma(vec4<f16>(weights_3.w), v_3_0, part_3_0);
        let v_3_1 = staged[144u + (row * 4u + 3u) * 8u + 4u + column];
        part_0_1 = fma(vec4<f16>(weights_0.w), v_3_1, part_0_1);
        part_1_1 = fma(vec4<f16>(weights_1.w), v_3_1, part_1_1);
        part_2_1 = fma(vec4<f16>(weights_2.w), v_3_1, part_2_1);
        part_3_1 = fma(vec4<f16>(weights_3.w), v_3_1, part_3_1);
      }
      // Add them in float32.
      output_0_0 = fma(output_0_0, vec4<f32>(shrink_0), vec4<f32>(part_0_0));
      output_0_1 = fma(output_0_1, vec4<f32>(shrink_0), vec4<f32>(part_0_1));
      output_1_0 = fma(output_1_0, vec4<f32>(shrink_1), vec4<f32>(part_1_0));
      output_1_1 = fma(output_1_1, vec4<f32>(shrink_1), vec4<f32>(part_1_1));
      output_2_0 = fma(output_2_0, vec4<f32>(shrink_2), vec4<f32>(part_2_0));
      output_2_1 = fma(output_2_1, vec4<f32>(shrink_2), vec4<f32>(part_2_1));
      output_3_0 = fma(output_3_0, vec4<f32>(shrink_3), vec4<f32>(part_3_0));
      output_3_1 = fma(output_3_1, vec4<f32>(shrink_3), vec4<f32>(part_3_1));
      workgroupBarrier();
    }

    // Add up the sums of a row's columns, and divide by them.
    partial[(first_row + 0u) * 4u + column] = total_0;
    partial[(first_row + 16u) * 4u + column] = total_1;
    partial[(first_row + 32u) * 4u + column] = total_2;
    partial[(first_row + 48u) * 4u + column] = total_3;
    workgroupBarrier();
    let sum_0 = partial[(first_row + 0u) * 4u + 0u] + partial[(first_row + 0u) * 4u + 1u] + partial[(first_row + 0u) * 4u + 2u] + partial[(first_row + 0u) * 4u + 3u];
    let inverse_0 = select(0.0, 1.0 / sum_0, sum_0 > 0.0);
    let sum_1 = partial[(first_row + 16u) * 4u + 0u] + partial[(first_row + 16u) * 4u + 1u] + partial[(first_row + 16u) * 4u + 2u] + partial[(first_row + 16u) * 4u + 3u];
    let inverse_1 = select(0.0, 1.0 / sum_1, sum_1 > 0.0);
    let sum_2 = partial[(first_row + 32u) * 4u + 0u] + partial[(first_row + 32u) * 4u + 1u] + partial[(first_row + 32u) * 4u + 2u] + partial[(first_row + 32u) * 4u + 3u];
    let inverse_2 = select(0.0, 1.0 / sum_2, sum_2 > 0.0);
    let sum_3 = partial[(first_row + 48u) * 4u + 0u] + partial[(first_row + 48u) * 4u + 1u] + partial[(first_row + 48u) * 4u + 2u] + partial[(first_row + 48u) * 4u + 3u];
    let inverse_3 = select(0.0, 1.0 / sum_3, sum_3 > 0.0);
    output_0_0 *= inverse_0;
    output_0_1 *= inverse_0;
    output_1_0 *= inverse_1;
    output_1_1 *= inverse_1;
    output_2_0 *= inverse_2;
    output_2_1 *= inverse_2;
    output_3_0 *= inverse_3;
    output_3_1 *= inverse_3;
    if (branch == 0u) {
      if (first_token + first_row + 0u < sizes.tokens) {
        kept_0_0 = output_0_0;
        kept_0_1 = output_0_1;
      }
      if (first_token + first_row + 16u < sizes.tokens) {
        kept_1_0 = output_1_0;
        kept_1_1 = output_1_1;
      }
      if (first_token + first_row + 32u < sizes.tokens) {
        kept_2_0 = output_2_0;
        kept_2_1 = output_2_1;
      }
      if (first_token + first_row + 48u < sizes.tokens) {
        kept_3_0 = output_3_0;
        kept_3_1 = output_3_1;
      }
    } else {
      if (first_token + first_row + 0u < sizes.tokens) {
        kept_0_0 -= weight * output_0_0;
        kept_0_1 -= weight * output_0_1;
      }
      if (first_token + first_row + 16u < sizes.tokens) {
        kept_1_0 -= weight * output_1_0;
        kept_1_1 -= weight * output_1_1;
      }
      if (first_token + first_row + 32u < sizes.tokens) {
        kept_2_0 -= weight * output_2_0;
        kept_2_1 -= weight * output_2_1;
      }
      if (first_token + first_row + 48u < sizes.tokens) {
        kept_3_0 -= weight * output_3_0;
        kept_3_1 -= weight * output_3_1;
      }
    }
  }
  // Store.
  if (first_token + first_row + 0u < sizes.tokens) {
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 0u, kept_0_0);
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 4u, kept_0_1);
  }
  if (first_token + first_row + 16u < sizes.tokens) {
    write_y(batch * sizes.tokens + first_token + first_row + 16u, 0u, head, column + 0u, kept_1_0);
    write_y(batch * sizes.tokens + first_token + first_row + 16u, 0u, head, column + 4u, kept_1_1);
  }
  if (first_token + first_row + 32u < sizes.tokens) {
    write_y(batch * sizes.tokens + first_token + first_row + 32u, 0u, head, column + 0u, kept_2_0);
    write_y(batch * sizes.tokens + first_token + first_row + 32u, 0u, head, column + 4u, kept_2_1);
  }
  if (first_token + first_row + 48u < sizes.tokens) {
    write_y(batch * sizes.tokens + first_token + first_row + 48u, 0u, head, column + 0u, kept_3_0);
    write_y(batch * sizes.tokens + first_token + first_row + 48u, 0u, head, column + 4u, kept_3_1);
  }
}
