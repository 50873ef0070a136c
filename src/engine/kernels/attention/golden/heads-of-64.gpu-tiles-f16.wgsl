// Kernel attention, dispatched in 16 x 10 x 1 workgroups.
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

var<workgroup> staged_q: array<vec4<f16>, 1088>; // [query][quad]
var<workgroup> staged: array<vec4<f16>, 528>; // keys, then values
var<workgroup> staged_weights: array<vec4<f16>, 256>; // [query][key / 4]
var<workgroup> partial: array<f32, 256>; // [query][column]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let head = group.y;
  let batch = group.z;
  // This thread's place: a column of keys and channels, a row of queries.
  let column = thread % 4u;
  let first_row = thread / 4u;
  let first_token = group.x * 64u;
  // What this thread copies of every tile.
  let row_k_0 = (thread + 0u) / 16u;
  let slot_k_0 = (thread + 0u) % 16u;
  let quad_k_0 = slot_k_0;
  let row_k_1 = (thread + 64u) / 16u;
  let slot_k_1 = (thread + 64u) % 16u;
  let quad_k_1 = slot_k_1;
  let row_k_2 = (thread + 128u) / 16u;
  let slot_k_2 = (thread + 128u) % 16u;
  let quad_k_2 = slot_k_2;
  let row_k_3 = (thread + 192u) / 16u;
  let slot_k_3 = (thread + 192u) % 16u;
  let quad_k_3 = slot_k_3;
  let key_k_0 = row_k_0 % 4u * 4u + row_k_0 / 4u;
  let key_k_1 = row_k_1 % 4u * 4u + row_k_1 / 4u;
  let key_k_2 = row_k_2 % 4u * 4u + row_k_2 / 4u;
  let key_k_3 = row_k_3 % 4u * 4u + row_k_3 / 4u;
  let row_v_0 = (thread + 0u) / 16u;
  let slot_v_0 = (thread + 0u) % 16u;
  let quad_v_0 = slot_v_0;
  let row_v_1 = (thread + 64u) / 16u;
  let slot_v_1 = (thread + 64u) % 16u;
  let quad_v_1 = slot_v_1;
  let row_v_2 = (thread + 128u) / 16u;
  let slot_v_2 = (thread + 128u) % 16u;
  let quad_v_2 = slot_v_2;
  let row_v_3 = (thread + 192u) / 16u;
  let slot_v_3 = (thread + 192u) % 16u;
  let quad_v_3 = slot_v_3;
  var output_0_0 = vec4<f32>(0.0);
  var output_0_1 = vec4<f32>(0.0);
  var output_0_2 = vec4<f32>(0.0);
  var output_0_3 = vec4<f32>(0.0);
  var output_1_0 = vec4<f32>(0.0);
  var output_1_1 = vec4<f32>(0.0);
  var output_1_2 = vec4<f32>(0.0);
  var output_1_3 = vec4<f32>(0.0);
  var output_2_0 = vec4<f32>(0.0);
  var output_2_1 = vec4<f32>(0.0);
  var output_2_2 = vec4<f32>(0.0);
  var output_2_3 = vec4<f32>(0.0);
  var output_3_0 = vec4<f32>(0.0);
  var output_3_1 = vec4<f32>(0.0);
  var output_3_2 = vec4<f32>(0.0);
  var output_3_3 = vec4<f32>(0.0);
  {
    // Stage the queries.
    let row_q_0 = (thread + 0u) / 16u;
    let slot_q_0 = (thread + 0u) % 16u;
    let quad_q_0 = slot_q_0;
    let row_q_1 = (thread + 64u) / 16u;
    let slot_q_1 = (thread + 64u) % 16u;
    let quad_q_1 = slot_q_1;
    let row_q_2 = (thread + 128u) / 16u;
    let slot_q_2 = (thread + 128u) % 16u;
    let quad_q_2 = slot_q_2;
    let row_q_3 = (thread + 192u) / 16u;
    let slot_q_3 = (thread + 192u) % 16u;
    let quad_q_3 = slot_q_3;
    let row_q_4 = (thread + 256u) / 16u;
    let slot_q_4 = (thread + 256u) % 16u;
    let quad_q_4 = slot_q_4;
    let row_q_5 = (thread + 320u) / 16u;
    let slot_q_5 = (thread + 320u) % 16u;
    let quad_q_5 = slot_q_5;
    let row_q_6 = (thread + 384u) / 16u;
    let slot_q_6 = (thread + 384u) % 16u;
    let quad_q_6 = slot_q_6;
    let row_q_7 = (thread + 448u) / 16u;
    let slot_q_7 = (thread + 448u) % 16u;
    let quad_q_7 = slot_q_7;
    let row_q_8 = (thread + 512u) / 16u;
    let slot_q_8 = (thread + 512u) % 16u;
    let quad_q_8 = slot_q_8;
    let row_q_9 = (thread + 576u) / 16u;
    let slot_q_9 = (thread + 576u) % 16u;
    let quad_q_9 = slot_q_9;
    let row_q_10 = (thread + 640u) / 16u;
    let slot_q_10 = (thread + 640u) % 16u;
    let quad_q_10 = slot_q_10;
    let row_q_11 = (thread + 704u) / 16u;
    let slot_q_11 = (thread + 704u) % 16u;
    let quad_q_11 = slot_q_11;
    let row_q_12 = (thread + 768u) / 16u;
    let slot_q_12 = (thread + 768u) % 16u;
    let quad_q_12 = slot_q_12;
    let row_q_13 = (thread + 832u) / 16u;
    let slot_q_13 = (thread + 832u) % 16u;
    let quad_q_13 = slot_q_13;
    let row_q_14 = (thread + 896u) / 16u;
    let slot_q_14 = (thread + 896u) % 16u;
    let quad_q_14 = slot_q_14;
    let row_q_15 = (thread + 960u) / 16u;
    let slot_q_15 = (thread + 960u) % 16u;
    let quad_q_15 = slot_q_15;
    let read_q_0 = quad_q(batch * sizes.tokens + min(first_token + row_q_0, sizes.tokens - 1u), head, quad_q_0) * sizes.scale;
    let read_q_1 = quad_q(batch * sizes.tokens + min(first_token + row_q_1, sizes.tokens - 1u), head, quad_q_1) * sizes.scale;
    let read_q_2 = quad_q(batch * sizes.tokens + min(first_token + row_q_2, sizes.tokens - 1u), head, quad_q_2) * sizes.scale;
    let read_q_3 = quad_q(batch * sizes.tokens + min(first_token + row_q_3, sizes.tokens - 1u), head, quad_q_3) * sizes.scale;
    let read_q_4 = quad_q(batch * sizes.tokens + min(first_token + row_q_4, sizes.tokens - 1u), head, quad_q_4) * sizes.scale;
    let read_q_5 = quad_q(batch * sizes.tokens + min(first_token + row_q_5, sizes.tokens - 1u), head, quad_q_5) * sizes.scale;
    let read_q_6 = quad_q(batch * sizes.tokens + min(first_token + row_q_6, sizes.tokens - 1u), head, quad_q_6) * sizes.scale;
    let read_q_7 = quad_q(batch * sizes.tokens + min(first_token + row_q_7, sizes.tokens - 1u), head, quad_q_7) * sizes.scale;
    let read_q_8 = quad_q(batch * sizes.tokens + min(first_token + row_q_8, sizes.tokens - 1u), head, quad_q_8) * sizes.scale;
    let read_q_9 = quad_q(batch * sizes.tokens + min(first_token + row_q_9, sizes.tokens - 1u), head, quad_q_9) * sizes.scale;
    let read_q_10 = quad_q(batch * sizes.tokens + min(first_token + row_q_10, sizes.tokens - 1u), head, quad_q_10) * sizes.scale;
    let read_q_11 = quad_q(batch * sizes.tokens + min(first_token + row_q_11, sizes.tokens - 1u), head, quad_q_11) * sizes.scale;
    let read_q_12 = quad_q(batch * sizes.tokens + min(first_token + row_q_12, sizes.tokens - 1u), head, quad_q_12) * sizes.scale;
    let read_q_13 = quad_q(batch * sizes.tokens + min(first_token + row_q_13, sizes.tokens - 1u), head, quad_q_13) * sizes.scale;
    let read_q_14 = quad_q(batch * sizes.tokens + min(first_token + row_q_14, sizes.tokens - 1u), head, quad_q_14) * sizes.scale;
    let read_q_15 = quad_q(batch * sizes.tokens + min(first_token + row_q_15, sizes.tokens - 1u), head, quad_q_15) * sizes.scale;
    staged_q[row_q_0 * 17u + slot_q_0] = vec4<f16>(read_q_0);
    staged_q[row_q_1 * 17u + slot_q_1] = vec4<f16>(read_q_1);
    staged_q[row_q_2 * 17u + slot_q_2] = vec4<f16>(read_q_2);
    staged_q[row_q_3 * 17u + slot_q_3] = vec4<f16>(read_q_3);
    staged_q[row_q_4 * 17u + slot_q_4] = vec4<f16>(read_q_4);
    staged_q[row_q_5 * 17u + slot_q_5] = vec4<f16>(read_q_5);
    staged_q[row_q_6 * 17u + slot_q_6] = vec4<f16>(read_q_6);
    staged_q[row_q_7 * 17u + slot_q_7] = vec4<f16>(read_q_7);
    staged_q[row_q_8 * 17u + slot_q_8] = vec4<f16>(read_q_8);
    staged_q[row_q_9 * 17u + slot_q_9] = vec4<f16>(read_q_9);
    staged_q[row_q_10 * 17u + slot_q_10] = vec4<f16>(read_q_10);
    staged_q[row_q_11 * 17u + slot_q_11] = vec4<f16>(read_q_11);
    staged_q[row_q_12 * 17u + slot_q_12] = vec4<f16>(read_q_12);
    staged_q[row_q_13 * 17u + slot_q_13] = vec4<f16>(read_q_13);
    staged_q[row_q_14 * 17u + slot_q_14] = vec4<f16>(read_q_14);
    staged_q[row_q_15 * 17u + slot_q_15] = vec4<f16>(read_q_15);
  }
  let key_end = sizes.keys;
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
  output_0_2 = vec4<f32>(0.0);
  output_0_3 = vec4<f32>(0.0);
  output_1_0 = vec4<f32>(0.0);
  output_1_1 = vec4<f32>(0.0);
  output_1_2 = vec4<f32>(0.0);
  output_1_3 = vec4<f32>(0.0);
  output_2_0 = vec4<f32>(0.0);
  output_2_1 = vec4<f32>(0.0);
  output_2_2 = vec4<f32>(0.0);
  output_2_3 = vec4<f32>(0.0);
  output_3_0 = vec4<f32>(0.0);
  output_3_1 = vec4<f32>(0.0);
  output_3_2 = vec4<f32>(0.0);
  output_3_3 = vec4<f32>(0.0);

  for (var first_key = 0u; first_key < key_end; first_key += 16u) {
    // Stage the tile's keys and values.
    let read_k_0 = quad_k(batch * sizes.keys + min(first_key + key_k_0, key_end - 1u), head, quad_k_0);
    let read_k_1 = quad_k(batch * sizes.keys + min(first_key + key_k_1, key_end - 1u), head, quad_k_1);
    let read_k_2 = quad_k(batch * sizes.keys + min(first_key + key_k_2, key_end - 1u), head, quad_k_2);
    let read_k_3 = quad_k(batch * sizes.keys + min(first_key + key_k_3, key_end - 1u), head, quad_k_3);
    let read_v_0 = quad_v(batch * sizes.keys + min(first_key + row_v_0, key_end - 1u), head, quad_v_0);
    let read_v_1 = quad_v(batch * sizes.keys + min(first_key + row_v_1, key_end - 1u), head, quad_v_1);
    let read_v_2 = quad_v(batch * sizes.keys + min(first_key + row_v_2, key_end - 1u), head, quad_v_2);
    let read_v_3 = quad_v(batch * sizes.keys + min(first_key + row_v_3, key_end - 1u), head, quad_v_3);
    staged[row_k_0 * 17u + slot_k_0] = vec4<f16>(read_k_0);
    staged[row_k_1 * 17u + slot_k_1] = vec4<f16>(read_k_1);
    staged[row_k_2 * 17u + slot_k_2] = vec4<f16>(read_k_2);
    staged[row_k_3 * 17u + slot_k_3] = vec4<f16>(read_k_3);
    staged[272u + row_v_0 * 16u + slot_v_0] = vec4<f16>(read_v_0);
    staged[272u + row_v_1 * 16u + slot_v_1] = vec4<f16>(read_v_1);
    staged[272u + row_v_2 * 16u + slot_v_2] = vec4<f16>(read_v_2);
    staged[272u + row_v_3 * 16u + slot_v_3] = vec4<f16>(read_v_3);
    workgroupBarrier();
    var scores_0 = vec4<f32>(0.0);
    var scores_1 = vec4<f32>(0.0);
    var scores_2 = vec4<f32>(0.0);
    var scores_3 = vec4<f32>(0.0);
    // Scores: every query against four keys, four channels at a time.
    for (var quad = 0u; quad < 16u; quad++) {
      let k_0 = vec4<f32>(staged[(0u + column) * 17u + quad]);
      let k_1 = vec4<f32>(staged[(4u + column) * 17u + quad]);
      let k_2 = vec4<f32>(staged[(8u + column) * 17u + quad]);
      let k_3 = vec4<f32>(staged[(12u + column) * 17u + quad]);
      let q_0 = vec4<f32>(staged_q[(first_row + 0u) * 17u + quad]);
      let q_1 = vec4<f32>(staged_q[(first_row + 16u) * 17u + quad]);
      let q_2 = vec4<f32>(staged_q[(first_row + 32u) * 17u + quad]);
      let q_3 = vec4<f32>(staged_q[(first_row + 48u) * 17u + quad]);
      scores_0.x = fma(q_0.w, k_0.w, fma(q_0.z, k_0.z, fma(q_0.y, k_0.y, fma(q_0.x, k_0.x, scores_0.x))));
      scores_0.y = fma(q_0.w, k_1.w, fma(q_0.z, k_1.z, fma(q_0.y, k_1.y, fma(q_0.x, k_1.x, scores_0.y))));
      scores_0.z = fma(q_0.w, k_2.w, fma(q_0.z, k_2.z, fma(q_0.y, k_2.y, fma(q_0.x, k_2.x, scores_0.z))));
      scores_0.w = fma(q_0.w, k_3.w, fma(q_0.z, k_3.z, fma(q_0.y, k_3.y, fma(q_0.x, k_3.x, scores_0.w))));
      scores_1.x = fma(q_1.w, k_0.w, fma(q_1.z, k_0.z, fma(q_1.y, k_0.y, fma(q_1.x, k_0.x, scores_1.x))));
      scores_1.y = fma(q_1.w, k_1.w, fma(q_1.z, k_1.z, fma(q_1.y, k_1.y, fma(q_1.x, k_1.x, scores_1.y))));
      scores_1.z = fma(q_1.w, k_2.w, fma(q_1.z, k_2.z, fma(q_1.y, k_2.y, fma(q_1.x, k_2.x, scores_1.z))));
      scores_1.w = fma(q_1.w, k_3.w, fma(q_1.z, k_3.z, fma(q_1.y, k_3.y, fma(q_1.x, k_3.x, scores_1.w))));
      scores_2.x = fma(q_2.w, k_0.w, fma(q_2.z, k_0.z, fma(q_2.y, k_0.y, fma(q_2.x, k_0.x, scores_2.x))));
      scores_2.y = fma(q_2.w, k_1.w, fma(q_2.z, k_1.z, fma(q_2.y, k_1.y, fma(q_2.x, k_1.x, scores_2.y))));
      scores_2.z = fma(q_2.w, k_2.w, fma(q_2.z, k_2.z, fma(q_2.y, k_2.y, fma(q_2.x, k_2.x, scores_2.z))));
      scores_2.w = fma(q_2.w, k_3.w, fma(q_2.z, k_3.z, fma(q_2.y, k_3.y, fma(q_2.x, k_3.x, scores_2.w))));
      scores_3.x = fma(q_3.w, k_0.w, fma(q_3.z, k_0.z, fma(q_3.y, k_0.y, fma(q_3.x, k_0.x, scores_3.x))));
      scores_3.y = fma(q_3.w, k_1.w, fma(q_3.z, k_1.z, fma(q_3.y, k_1.y, fma(q_3.x, k_1.x, scores_3.y))));
      scores_3.z = fma(q_3.w, k_2.w, fma(q_3.z, k_2.z, fma(q_3.y, k_2.y, fma(q_3.x, k_2.x, scores_3.z))));
      scores_3.w = fma(q_3.w, k_3.w, fma(q_3.z, k_3.z, fma(q_3.y, k_3.y, fma(q_3.x, k_3.x, scores_3.w))));
    }
    // Leave out keys past the end.
    if (first_key + 16u > key_end) {
      let keys = vec4<u32>(first_key + column * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
      scores_0 = select(vec4<f32>(-3.0e38), scores_0, keys < vec4<u32>(key_end));
      scores_1 = select(vec4<f32>(-3.0e38), scores_1, keys < vec4<u32>(key_end));
      scores_2 = select(vec4<f32>(-3.0e38), scores_2, keys < vec4<u32>(key_end));
      scores_3 = select(vec4<f32>(-3.0e38), scores_3, keys < vec4<u32>(key_end));
    }
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
    staged_weights[(first_row + 0u) * 4u + column] = vec4<f16>(weights_0);
    output_0_0 *= shrink_0;
    output_0_1 *= shrink_0;
    output_0_2 *= shrink_0;
    output_0_3 *= shrink_0;
    // Weights of query 1; what was summed under the old maximum shrinks.
    let new_maximum_1 = max(max(max(max(maximum_1, partial[(first_row + 16u) * 4u + 0u]), partial[(first_row + 16u) * 4u + 1u]), partial[(first_row + 16u) * 4u + 2u]), partial[(first_row + 16u) * 4u + 3u]);
    let shrink_1 = exp2(maximum_1 - new_maximum_1);
    let weights_1 = exp2(scores_1 - new_maximum_1);
    maximum_1 = new_maximum_1;
    total_1 = total_1 * shrink_1 + (weights_1.x + weights_1.y + weights_1.z + weights_1.w);
    staged_weights[(first_row + 16u) * 4u + column] = vec4<f16>(weights_1);
    output_1_0 *= shrink_1;
    output_1_1 *= shrink_1;
    output_1_2 *= shrink_1;
    output_1_3 *= shrink_1;
    // Weights of query 2; what was summed under the old maximum shrinks.
    let new_maximum_2 = max(max(max(max(maximum_2, partial[(first_row + 32u) * 4u + 0u]), partial[(first_row + 32u) * 4u + 1u]), partial[(first_row + 32u) * 4u + 2u]), partial[(first_row + 32u) * 4u + 3u]);
    let shrink_2 = exp2(maximum_2 - new_maximum_2);
    let weights_2 = exp2(scores_2 - new_maximum_2);
    maximum_2 = new_maximum_2;
    total_2 = total_2 * shrink_2 + (weights_2.x + weights_2.y + weights_2.z + weights_2.w);
    staged_weights[(first_row + 32u) * 4u + column] = vec4<f16>(weights_2);
    output_2_0 *= shrink_2;
    output_2_1 *= shrink_2;
    output_2_2 *= shrink_2;
    output_2_3 *= shrink_2;
    // Weights of query 3; what was summed under the old maximum shrinks.
    let new_maximum_3 = max(max(max(max(maximum_3, partial[(first_row + 48u) * 4u + 0u]), partial[(first_row + 48u) * 4u + 1u]), partial[(first_row + 48u) * 4u + 2u]), partial[(first_row + 48u) * 4u + 3u]);
    let shrink_3 = exp2(maximum_3 - new_maximum_3);
    let weights_3 = exp2(scores_3 - new_maximum_3);
    maximum_3 = new_maximum_3;
    total_3 = total_3 * shrink_3 + (weights_3.x + weights_3.y + weights_3.z + weights_3.w);
    staged_weights[(first_row + 48u) * 4u + column] = vec4<f16>(weights_3);
    output_3_0 *= shrink_3;
    output_3_1 *= shrink_3;
    output_3_2 *= shrink_3;
    output_3_3 *= shrink_3;
    workgroupBarrier();
    // Output: weights times values, four keys at a time.
    for (var row = 0u; row < 4u; row++) {
      let weights_0 = vec4<f32>(staged_weights[(first_row + 0u) * 4u + row]);
      let weights_1 = vec4<f32>(staged_weights[(first_row + 16u) * 4u + row]);
      let weights_2 = vec4<f32>(staged_weights[(first_row + 32u) * 4u + row]);
      let weights_3 = vec4<f32>(staged_weights[(first_row + 48u) * 4u + row]);
      let v_0_0 = vec4<f32>(staged[272u + (row * 4u + 0u) * 16u + 0u + column]);
      output_0_0 = fma(vec4<f32>(weights_0.x), v_0_0, output_0_0);
      output_1_0 = fma(vec4<f32>(weights_1.x), v_0_0, output_1_0);
      output_2_0 = fma(vec4<f32>(weights_2.x), v_0_0, output_2_0);
      output_3_0 = fma(vec4<f32>(weights_3.x), v_0_0, output_3_0);
      let v_0_1 = vec4<f32>(staged[272u + (row * 4u + 0u) * 16u + 4u + column]);
      output_0_1 = fma(vec4<f32>(weights_0.x), v_0_1, output_0_1);
      output_1_1 = fma(vec4<f32>(weights_1.x), v_0_1, output_1_1);
      output_2_1 = fma(vec4<f32>(weights_2.x), v_0_1, output_2_1);
      output_3_1 = fma(vec4<f32>(weights_3.x), v_0_1, output_3_1);
      let v_0_2 = vec4<f32>(staged[272u + (row * 4u + 0u) * 16u + 8u + column]);
      output_0_2 = fma(vec4<f32>(weights_0.x), v_0_2, output_0_2);
      output_1_2 = fma(vec4<f32>(weights_1.x), v_0_2, output_1_2);
      output_2_2 = fma(vec4<f32>(weights_2.x), v_0_2, output_2_2);
      output_3_2 = fma(vec4<f32>(weights_3.x), v_0_2, output_3_2);
      let v_0_3 = vec4<f32>(staged[272u + (row * 4u + 0u) * 16u + 12u + column]);
      output_0_3 = fma(vec4<f32>(weights_0.x), v_0_3, output_0_3);
      output_1_3 = fma(vec4<f32>(weights_1.x), v_0_3, output_1_3);
      output_2_3 = fma(vec4<f32>(weights_2.x), v_0_3, output_2_3);
      output_3_3 = fma(vec4<f32>(weights_3.x), v_0_3, output_3_3);
      let v_1_0 = vec4<f32>(staged[272u + (row * 4u + 1u) * 16u + 0u + column]);
      output_0_0 = fma(vec4<f32>(weights_0.y), v_1_0, output_0_0);
      output_1_0 = fma(vec4<f32>(weights_1.y), v_1_0, output_1_0);
      output_2_0 = fma(vec4<f32>(weights_2.y), v_1_0, output_2_0);
      output_3_0 = fma(vec4<f32>(weights_3.y), v_1_0, output_3_0);
      let v_1_1 = vec4<f32>(staged[272u + (row * 4u + 1u) * 16u + 4u + column]);
      output_0_1 = fma(vec4<f32>(weights_0.y), v_1_1, output_0_1);
      output_1_1 = fma(vec4<f32>(weights_1.y), v_1_1, output_1_1);
      output_2_1 = fma(vec4<f32>(weights_2.y), v_1_1, output_2_1);
      output_3_1 = fma(vec4<f32>(weights_3.y), v_1_1, output_3_1);
      let v_1_2 = vec4<f32>(staged[272u + (row * 4u + 1u) * 16u + 8u + column]);
      output_0_2 = fma(vec4<f32>(weights_0.y), v_1_2, output_0_2);
      output_1_2 = fma(vec4<f32>(weights_1.y), v_1_2, output_1_2);
      output_2_2 = fma(vec4<f32>(weights_2.y), v_1_2, output_2_2);
      output_3_2 = fma(vec4<f32>(weights_3.y), v_1_2, output_3_2);
      let v_1_3 = vec4<f32>(staged[272u + (row * 4u + 1u) * 16u + 12u + column]);
      output_0_3 = fma(vec4<f32>(weights_0.y), v_1_3, output_0_3);
      output_1_3 = fma(vec4<f32>(weights_1.y), v_1_3, output_1_3);
      output_2_3 = fma(vec4<f32>(weights_2.y), v_1_3, output_2_3);
      output_3_3 = fma(vec4<f32>(weights_3.y), v_1_3, output_3_3);
      let v_2_0 = vec4<f32>(staged[272u + (row * 4u + 2u) * 16u + 0u + column]);
      output_0_0 = fma(vec4<f32>(weights_0.z), v_2_0, output_0_0);
      output_1_0 = fma(vec4<f32>(weights_1.z), v_2_0, output_1_0);
      output_2_0 = fma(vec4<f32>(weights_2.z), v_2_0, output_2_0);
      output_3_0 = fma(vec4<f32>(weights_3.z), v_2_0, output_3_0);
      let v_2_1 = vec4<f32>(staged[272u + (row * 4u + 2u) * 16u + 4u + column]);
      output_0_1 = fma(vec4<f32>(weights_0.z), v_2_1, output_0_1);
      output_1_1 = fma(vec4<f32>(weights_1.z), v_2_1, output_1_1);
      output_2_1 = fma(vec4<f32>(weights_2.z), v_2_1, output_2_1);
      output_3_1 = fma(vec4<f32>(weights_3.z), v_2_1, output_3_1);
      let v_2_2 = vec4<f32>(staged[272u + (row * 4u + 2u) * 16u + 8u + column]);
      output_0_2 = fma(vec4<f32>(weights_0.z), v_2_2, output_0_2);
      output_1_2 = fma(vec4<f32>(weights_1.z), v_2_2, output_1_2);
      output_2_2 = fma(vec4<f32>(weights_2.z), v_2_2, output_2_2);
      output_3_2 = fma(vec4<f32>(weights_3.z), v_2_2, output_3_2);
      let v_2_3 = vec4<f32>(staged[272u + (row * 4u + 2u) * 16u + 12u + column]);
      output_0_3 = fma(vec4<f32>(weights_0.z), v_2_3, output_0_3);
      output_1_3 = fma(vec4<f32>(weights_1.z), v_2_3, output_1_3);
      output_2_3 = fma(vec4<f32>(weights_2.z), v_2_3, output_2_3);
      output_3_3 = fma(vec4<f32>(weights_3.z), v_2_3, output_3_3);
      let v_3_0 = vec4<f32>(staged[272u + (row * 4u + 3u) * 16u + 0u + column]);
      output_0_0 = fma(vec4<f32>(weights_0.w), v_3_0, output_0_0);
      output_1_0 = fma(vec4<f32>(weights_1.w), v_3_0, output_1_0);
      output_2_0 = fma(vec4<f32>(weights_2.w), v_3_0, output_2_0);
      output_3_0 = fma(vec4<f32>(weights_3.w), v_3_0, output_3_0);
      let v_3_1 = vec4<f32>(staged[272u + (row * 4u + 3u) * 16u + 4u + column]);
      output_0_1 = fma(vec4<f32>(weights_0.w), v_3_1, output_0_1);
      output_1_1 = fma(vec4<f32>(weights_1.w), v_3_1, output_1_1);
      output_2_1 = fma(vec4<f32>(weights_2.w), v_3_1, output_2_1);
      output_3_1 = fma(vec4<f32>(weights_3.w), v_3_1, output_3_1);
      let v_3_2 = vec4<f32>(staged[272u + (row * 4u + 3u) * 16u + 8u + column]);
      output_0_2 = fma(vec4<f32>(weights_0.w), v_3_2, output_0_2);
      output_1_2 = fma(vec4<f32>(weights_1.w), v_3_2, output_1_2);
      output_2_2 = fma(vec4<f32>(weights_2.w), v_3_2, output_2_2);
      output_3_2 = fma(vec4<f32>(weights_3.w), v_3_2, output_3_2);
      let v_3_3 = vec4<f32>(staged[272u + (row * 4u + 3u) * 16u + 12u + column]);
      output_0_3 = fma(vec4<f32>(weights_0.w), v_3_3, output_0_3);
      output_1_3 = fma(vec4<f32>(weights_1.w), v_3_3, output_1_3);
      output_2_3 = fma(vec4<f32>(weights_2.w), v_3_3, output_2_3);
      output_3_3 = fma(vec4<f32>(weights_3.w), v_3_3, output_3_3);
    }
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
  output_0_2 *= inverse_0;
  output_0_3 *= inverse_0;
  output_1_0 *= inverse_1;
  output_1_1 *= inverse_1;
  output_1_2 *= inverse_1;
  output_1_3 *= inverse_1;
  output_2_0 *= inverse_2;
  output_2_1 *= inverse_2;
  output_2_2 *= inverse_2;
  output_2_3 *= inverse_2;
  output_3_0 *= inverse_3;
  output_3_1 *= inverse_3;
  output_3_2 *= inverse_3;
  output_3_3 *= inverse_3;

  // Store.
  if (first_token + first_row + 0u < sizes.tokens) {
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 0u, output_0_0);
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 4u, output_0_1);
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 8u, output_0_2);
    write_y(batch * sizes.tokens + first_token + first_row + 0u, 0u, head, column + 12u, output_0_3);
  }
  if (first_token + first_row + 16u < sizes.tokens) {
    write_y(batch * sizes.tokens + first_token + first_row + 16u, 0u, head, column + 0u, output_1_0);
    write_y(batch * sizes.tokens + first_token + first_row + 16u, 0u, head, column + 4u, output_1_1);
    write_y(batch * sizes.tokens + first_token + first_row + 16u, 0u, head, column + 8u, output_1_2);
    write_y(batch * sizes.tokens + first_token + first_row + 16u, 0u, head, column + 12u, output_1_3);
  }
  if (first_token + first_row + 32u < sizes.tokens) {
    write_y(batch * sizes.tokens + first_token + first_row + 32u, 0u, head, column + 0u, output_2_0);
    write_y(batch * sizes.tokens + first_token + first_row + 32u, 0u, head, column + 4u, output_2_1);
    write_y(batch * sizes.tokens + first_token + first_row + 32u, 0u, head, column + 8u, output_2_2);
    write_y(batch * sizes.tokens + first_token + first_row + 32u, 0u, head, column + 12u, output_2_3);
  }
  if (first_token + first_row + 48u < sizes.tokens) {
    write_y(batch * sizes.tokens + first_token + first_row + 48u, 0u, head, column + 0u, output_3_0);
    write_y(batch * sizes.tokens + first_token + first_row + 48u, 0u, head, column + 4u, output_3_1);
    write_y(batch * sizes.tokens + first_token + first_row + 48u, 0u, head, column + 8u, output_3_2);
    write_y(batch * sizes.tokens + first_token + first_row + 48u, 0u, head, column + 12u, output_3_3);
  }
}
