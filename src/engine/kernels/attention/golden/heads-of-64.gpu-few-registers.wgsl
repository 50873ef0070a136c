// Kernel attention, dispatched in 32 x 10 x 1 workgroups.
enable f16;

struct Sizes { tokens: u32, head_size: u32, quads: u32, keys: u32, q_stride: u32, q_offset: u32, q_head: u32, k_stride: u32, k_offset: u32, k_head: u32, v_stride: u32, v_offset: u32, v_head: u32, y_stride: u32, y_channels: u32, scale: f32 }
@group(0) @binding(4) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> q: array<vec4<f16>>;
fn load_q(index: u32) -> vec4<f32> { return vec4<f32>(q[index]); }
@group(0) @binding(1) var<storage, read> k: array<vec4<f16>>;
fn load_k(index: u32) -> vec4<f32> { return vec4<f32>(k[index]); }
@group(0) @binding(2) var<storage, read> v: array<vec4<f16>>;
fn load_v(index: u32) -> vec4<f32> { return vec4<f32>(v[index]); }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }

fn quad_q(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_q(row * sizes.q_stride + (sizes.q_offset + head * sizes.q_head) + quad); }
fn quad_k(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_k(row * sizes.k_stride + (sizes.k_offset + head * sizes.k_head) + quad); }
fn quad_v(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_v(row * sizes.v_stride + (sizes.v_offset + head * sizes.v_head) + quad); }
fn write_y(row: u32, offset: u32, head: u32, quad: u32, value: vec4<f32>) { store_y(row * sizes.y_stride + offset + head * sizes.quads + quad, value); }

var<workgroup> staged_q: array<vec4<f16>, 544>; // [query][quad]
var<workgroup> staged: array<vec4<f16>, 528>; // keys, then values
var<workgroup> staged_weights: array<vec4<f16>, 128>; // [query][key / 4]
var<workgroup> partial: array<f32, 128>; // [query][column]

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let head = group.y;
  let batch = group.z;
  // This thread's place: a column of keys and channels, a row of queries.
  let column = thread % 4u;
  let first_row = thread / 4u;
  let first_token = group.x * 32u;
  // What this thread copies of every tile.
  let row_k_0 = (thread + 0u) / 16u;
  let slot_k_0 = (thread + 0u) % 16u;
  let quad_k_0 = slot_k_0;
  let row_k_1 = (thread + 128u) / 16u;
  let slot_k_1 = (thread + 128u) % 16u;
  let quad_k_1 = slot_k_1;
  let key_k_0 = row_k_0 % 4u * 4u + row_k_0 / 4u;
  let key_k_1 = row_k_1 % 4u * 4u + row_k_1 / 4u;
  let row_v_0 = (thread + 0u) / 16u;
  let slot_v_0 = (thread + 0u) % 16u;
  let quad_v_0 = slot_v_0;
  let row_v_1 = (thread + 128u) / 16u;
  let slot_v_1 = (thread + 128u) % 16u;
  let quad_v_1 = slot_v_1;
  var output_0_0 = vec4<f32>(0.0);
  var output_0_1 = vec4<f32>(0.0);
  var output_0_2 = vec4<f32>(0.0);
  var output_0_3 = vec4<f32>(0.0);
  {
    // Stage the queries.
    let row_q_0 = (thread + 0u) / 16u;
    let slot_q_0 = (thread + 0u) % 16u;
    let quad_q_0 = slot_q_0;
    let row_q_1 = (thread + 128u) / 16u;
    let slot_q_1 = (thread + 128u) % 16u;
    let quad_q_1 = slot_q_1;
    let row_q_2 = (thread + 256u) / 16u;
    let slot_q_2 = (thread + 256u) % 16u;
    let quad_q_2 = slot_q_2;
    let row_q_3 = (thread + 384u) / 16u;
    let slot_q_3 = (thread + 384u) % 16u;
    let quad_q_3 = slot_q_3;
    let read_q_0 = quad_q(batch * sizes.tokens + min(first_token + row_q_0, sizes.tokens - 1u), head, quad_q_0) * sizes.scale;
    let read_q_1 = quad_q(batch * sizes.tokens + min(first_token + row_q_1, sizes.tokens - 1u), head, quad_q_1) * sizes.scale;
    let read_q_2 = quad_q(batch * sizes.tokens + min(first_token + row_q_2, sizes.tokens - 1u), head, quad_q_2) * sizes.scale;
    let read_q_3 = quad_q(batch * sizes.tokens + min(first_token + row_q_3, sizes.tokens - 1u), head, quad_q_3) * sizes.scale;
    staged_q[row_q_0 * 17u + slot_q_0] = vec4<f16>(read_q_0);
    staged_q[row_q_1 * 17u + slot_q_1] = vec4<f16>(read_q_1);
    staged_q[row_q_2 * 17u + slot_q_2] = vec4<f16>(read_q_2);
    staged_q[row_q_3 * 17u + slot_q_3] = vec4<f16>(read_q_3);
  }
  let key_end = sizes.keys;
  // A fresh softmax.
  var maximum_0 = -3.0e38;
  var total_0 = 0.0;
  output_0_0 = vec4<f32>(0.0);
  output_0_1 = vec4<f32>(0.0);
  output_0_2 = vec4<f32>(0.0);
  output_0_3 = vec4<f32>(0.0);

  for (var first_key = 0u; first_key < key_end; first_key += 16u) {
    // Stage the tile's keys and values.
    let read_k_0 = quad_k(batch * sizes.keys + min(first_key + key_k_0, key_end - 1u), head, quad_k_0);
    let read_k_1 = quad_k(batch * sizes.keys + min(first_key + key_k_1, key_end - 1u), head, quad_k_1);
    let read_v_0 = quad_v(batch * sizes.keys + min(first_key + row_v_0, key_end - 1u), head, quad_v_0);
    let read_v_1 = quad_v(batch * sizes.keys + min(first_key + row_v_1, key_end - 1u), head, quad_v_1);
    staged[row_k_0 * 17u + slot_k_0] = vec4<f16>(read_k_0);
    staged[row_k_1 * 17u + slot_k_1] = vec4<f16>(read_k_1);
    staged[272u + row_v_0 * 16u + slot_v_0] = vec4<f16>(read_v_0);
    staged[272u + row_v_1 * 16u + slot_v_1] = vec4<f16>(read_v_1);
    workgroupBarrier();
    var scores_0 = vec4<f32>(0.0);
    var dot_0_0 = vec4<f16>(0.0);
    var dot_0_1 = vec4<f16>(0.0);
    var dot_0_2 = vec4<f16>(0.0);
    var dot_0_3 = vec4<f16>(0.0);
    // Scores: every query against four keys, four channels at a time.
    for (var quad = 0u; quad < 16u; quad++) {
      let k_0 = staged[(0u + column) * 17u + quad];
      let k_1 = staged[(4u + column) * 17u + quad];
      let k_2 = staged[(8u + column) * 17u + quad];
      let k_3 = staged[(12u + column) * 17u + quad];
      let q_0 = staged_q[(first_row + 0u) * 17u + quad];
      dot_0_0 = fma(q_0, k_0, dot_0_0);
      dot_0_1 = fma(q_0, k_1, dot_0_1);
      dot_0_2 = fma(q_0, k_2, dot_0_2);
      dot_0_3 = fma(q_0, k_3, dot_0_3);
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
    // Leave out keys past the end.
    if (first_key + 16u > key_end) {
      let keys = vec4<u32>(first_key + column * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
      scores_0 = select(vec4<f32>(-3.0e38), scores_0, keys < vec4<u32>(key_end));
    }
    // The maximum of a row: of this thread's keys, then of all columns.
    partial[(first_row + 0u) * 4u + column] = max(max(scores_0.x, scores_0.y), max(scores_0.z, scores_0.w));
    workgroupBarrier();
    // Weights of query 0; what was summed under the old maximum shrinks.
    let new_maximum_0 = max(max(max(max(maximum_0, partial[(first_row + 0u) * 4u + 0u]), partial[(first_row + 0u) * 4u + 1u]), partial[(first_row + 0u) * 4u + 2u]), partial[(first_row + 0u) * 4u + 3u]);
    let shrink_0 = exp2(maximum_0 - new_maximum_0);
    let weights_0 = exp2(scores_0 - new_maximum_0);
    maximum_0 = new_maximum_0;
    total_0 = total_0 * shrink_0 + (weights_0.x + weights_0.y + weights_0.z + weights_0.w);
    staged_weights[(first_row + 0u) * 4u + column] = vec4<f16>(weights_0);
    workgroupBarrier();
    var part_0_0 = vec4<f16>(0.0);
    var part_0_1 = vec4<f16>(0.0);
    var part_0_2 = vec4<f16>(0.0);
    var part_0_3 = vec4<f16>(0.0);
    // Output: weights times values, four keys at a time.
    for (var row = 0u; row < 4u; row++) {
      let weights_0 = staged_weights[(first_row + 0u) * 4u + row];
      let v_0_0 = staged[272u + (row * 4u + 0u) * 16u + 0u + column];
      part_0_0 = fma(vec4<f16>(weights_0.x), v_0_0, part_0_0);
      let v_0_1 = staged[272u + (row * 4u + 0u) * 16u + 4u + column];
      part_0_1 = fma(vec4<f16>(weights_0.x), v_0_1, part_0_1);
      let v_0_2 = staged[272u + (row * 4u + 0u) * 16u + 8u + column];
      part_0_2 = fma(vec4<f16>(weights_0.x), v_0_2, part_0_2);
      let v_0_3 = staged[272u + (row * 4u + 0u) * 16u + 12u + column];
      part_0_3 = fma(vec4<f16>(weights_0.x), v_0_3, part_0_3);
      let v_1_0 = staged[272u + (row * 4u + 1u) * 16u + 0u + column];
      part_0_0 = fma(vec4<f16>(weights_0.y), v_1_0, part_0_0);
      let v_1_1 = staged[272u + (row * 4u + 1u) * 16u + 4u + column];
      part_0_1 = fma(vec4<f16>(weights_0.y), v_1_1, part_0_1);
      let v_1_2 = staged[272u + (row * 4u + 1u) * 16u + 8u + column];
      part_0_2 = fma(vec4<f16>(weights_0.y), v_1_2, part_0_2);
      let v_1_3 = staged[272u + (row * 4u + 1u) * 16u + 12u + column];
      part_0_3 = fma(vec4<f16>(weights_0.y), v_1_3, part_0_3);
      let v_2_0 = staged[272u + (row * 4u + 2u) * 16u + 0u + column];
      part_0_0 = fma(vec4<f16>(weights_0.z), v_2_0, part_0_0);
      let v_2_1 = staged[272u + (row * 4u + 2u) * 16u + 4u + column];
      part_0_1 = fma(vec4<f16>(weights_0.z), v_2_1, part_0_1);
      let v_2_2 = staged[272u + (row * 4u + 2u) * 16u + 8u + column];
      part_0_2 = fma(vec4<f16>(weights_0.z), v_2_2, part_0_2);
      let v_2_3 = staged[272u + (row * 4u + 2u) * 16u + 12u + column];
      part_0_3 = fma(vec4<f16>(weights_0.z), v_2_3, part_0_3);
      let v_3_0 = staged[272u + (row * 4u + 3u) * 16u + 0u + column];
      part_0_0 = fma(vec4<f16>(weights_0.w), v_3_0, part_0_0);
      let v_3_1 = staged[272u + (row * 4u + 3u) * 16u + 4u + column];
      part_0_1 = fma(vec4<f16>(weights_0.w), v_3_1, part_0_1);
      let v_3_2 = staged[272u + (row * 4u + 3u) * 16u + 8u + column];
      part_0_2 = fma(vec4<f16>(weights_0.w), v_3_2, part_0_2);
      let v_3_3 = staged[272u + (row * 4u + 3u) * 16u + 12u + column];
      part_0_3 = fma(vec4<f16>(weights_0.w), v_3_3, part_0_3);
    }
    // Add them in float32.
    output_0_0 = fma(output_0_0, vec4<f32>(shrink_0), vec4<f32>(part_0_0));
    output_0_1 = fma(output_0_1, vec4<f32>(shrink_0), vec4<f32>(part_0_1));
    output_0_2 = fma(output_0_2, vec4<f32>(shrink_0), vec4<f32>(part_0_2));
    output_0_3 = fma(output_0_3, vec4<f32>(shrink_0), vec4<f32>(part_0_3));
    workgroupBarrier();
  }

  // Add up the sums of a row's columns, and divide by them.
  partial[(first_row + 0u) * 4u + column] = total_0;
  workgroupBarrier();
  let sum_0 = partial[(first_row + 0u) * 4u + 0u] + partial[(first_row + 0u) * 4u + 1u] + partial[(first_row + 0u) * 4u + 2u] + partial[(first_row + 0u) * 4u + 3u];
  let inverse_0 = select(0.0, 1.0 / sum_0, sum_0 > 0.0);
  output_0_0 *= inverse_0;
  output_0_1 *= inverse_0;
  output_0_2 *= inverse_0;
  output_0_3 *= inverse_0;

  // Store.
  if (first_token + first_row + 0u < sizes.tokens) {
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 0u, output_0_0);
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 4u, output_0_1);
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 8u, output_0_2);
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 12u, output_0_3);
  }
}
