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

var<private> output: array<vec4<f32>, 64>; // [quad][query]

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let head = group.y;
  let batch = group.z;
  // This thread's queries. Past the end, the last token is computed again.
  let first_token = (group.x * 8u + thread) * 4u;
  let row_0 = batch * sizes.tokens + min(first_token + 0u, sizes.tokens - 1u);
  let row_1 = batch * sizes.tokens + min(first_token + 1u, sizes.tokens - 1u);
  let row_2 = batch * sizes.tokens + min(first_token + 2u, sizes.tokens - 1u);
  let row_3 = batch * sizes.tokens + min(first_token + 3u, sizes.tokens - 1u);
  let key_end = sizes.keys;
  // A fresh softmax.
  for (var i = 0u; i < sizes.quads * 4u; i++) { output[i] = vec4<f32>(0.0); }
  var maximum_0 = -3.0e38;
  var total_0 = 0.0;
  var maximum_1 = -3.0e38;
  var total_1 = 0.0;
  var maximum_2 = -3.0e38;
  var total_2 = 0.0;
  var maximum_3 = -3.0e38;
  var total_3 = 0.0;

  for (var first_key = 0u; first_key < key_end; first_key += 4u) {
    // Scores: every query against four keys.
    let key_0 = min(first_key + 0u, key_end - 1u);
    let key_1 = min(first_key + 1u, key_end - 1u);
    let key_2 = min(first_key + 2u, key_end - 1u);
    let key_3 = min(first_key + 3u, key_end - 1u);
    var scores_0 = vec4<f32>(0.0);
    var scores_1 = vec4<f32>(0.0);
    var scores_2 = vec4<f32>(0.0);
    var scores_3 = vec4<f32>(0.0);
    for (var quad = 0u; quad < sizes.quads; quad++) {
      let k_0 = quad_k(batch * sizes.keys + key_0, head, quad);
      let k_1 = quad_k(batch * sizes.keys + key_1, head, quad);
      let k_2 = quad_k(batch * sizes.keys + key_2, head, quad);
      let k_3 = quad_k(batch * sizes.keys + key_3, head, quad);
      let q_0 = quad_q(row_0, head, quad);
      scores_0 += vec4<f32>(dot(q_0, k_0), dot(q_0, k_1), dot(q_0, k_2), dot(q_0, k_3));
      let q_1 = quad_q(row_1, head, quad);
      scores_1 += vec4<f32>(dot(q_1, k_0), dot(q_1, k_1), dot(q_1, k_2), dot(q_1, k_3));
      let q_2 = quad_q(row_2, head, quad);
      scores_2 += vec4<f32>(dot(q_2, k_0), dot(q_2, k_1), dot(q_2, k_2), dot(q_2, k_3));
      let q_3 = quad_q(row_3, head, quad);
      scores_3 += vec4<f32>(dot(q_3, k_0), dot(q_3, k_1), dot(q_3, k_2), dot(q_3, k_3));
    }
    // Weights: keys past the end get none, and what was summed under an old maximum shrinks.
    let keys = vec4<u32>(first_key) + vec4<u32>(0u, 1u, 2u, 3u);
    scores_0 = select(vec4<f32>(-3.0e38), scores_0 * sizes.scale, keys < vec4<u32>(key_end));
    let new_maximum_0 = max(maximum_0, max(max(scores_0.x, scores_0.y), max(scores_0.z, scores_0.w)));
    let shrink_0 = exp2(maximum_0 - new_maximum_0);
    let weights_0 = exp2(scores_0 - new_maximum_0);
    maximum_0 = new_maximum_0;
    total_0 = total_0 * shrink_0 + (weights_0.x + weights_0.y + weights_0.z + weights_0.w);
    scores_1 = select(vec4<f32>(-3.0e38), scores_1 * sizes.scale, keys < vec4<u32>(key_end));
    let new_maximum_1 = max(maximum_1, max(max(scores_1.x, scores_1.y), max(scores_1.z, scores_1.w)));
    let shrink_1 = exp2(maximum_1 - new_maximum_1);
    let weights_1 = exp2(scores_1 - new_maximum_1);
    maximum_1 = new_maximum_1;
    total_1 = total_1 * shrink_1 + (weights_1.x + weights_1.y + weights_1.z + weights_1.w);
    scores_2 = select(vec4<f32>(-3.0e38), scores_2 * sizes.scale, keys < vec4<u32>(key_end));
    let new_maximum_2 = max(maximum_2, max(max(scores_2.x, scores_2.y), max(scores_2.z, scores_2.w)));
    let shrink_2 = exp2(maximum_2 - new_maximum_2);
    let weights_2 = exp2(scores_2 - new_maximum_2);
    maximum_2 = new_maximum_2;
    total_2 = total_2 * shrink_2 + (weights_2.x + weights_2.y + weights_2.z + weights_2.w);
    scores_3 = select(vec4<f32>(-3.0e38), scores_3 * sizes.scale, keys < vec4<u32>(key_end));
    let new_maximum_3 = max(maximum_3, max(max(scores_3.x, scores_3.y), max(scores_3.z, scores_3.w)));
    let shrink_3 = exp2(maximum_3 - new_maximum_3);
    let weights_3 = exp2(scores_3 - new_maximum_3);
    maximum_3 = new_maximum_3;
    total_3 = total_3 * shrink_3 + (weights_3.x + weights_3.y + weights_3.z + weights_3.w);
    // Output: the weighted sum of values.
    for (var quad = 0u; quad < sizes.quads; quad++) {
      let v_0 = quad_v(batch * sizes.keys + key_0, head, quad);
      let v_1 = quad_v(batch * sizes.keys + key_1, head, quad);
      let v_2 = quad_v(batch * sizes.keys + key_2, head, quad);
      let v_3 = quad_v(batch * sizes.keys + key_3, head, quad);
      output[quad * 4u + 0u] = output[quad * 4u + 0u] * shrink_0 + (weights_0[0] * v_0 + weights_0[1] * v_1 + weights_0[2] * v_2 + weights_0[3] * v_3);
      output[quad * 4u + 1u] = output[quad * 4u + 1u] * shrink_1 + (weights_1[0] * v_0 + weights_1[1] * v_1 + weights_1[2] * v_2 + weights_1[3] * v_3);
      output[quad * 4u + 2u] = output[quad * 4u + 2u] * shrink_2 + (weights_2[0] * v_0 + weights_2[1] * v_1 + weights_2[2] * v_2 + weights_2[3] * v_3);
      output[quad * 4u + 3u] = output[quad * 4u + 3u] * shrink_3 + (weights_3[0] * v_0 + weights_3[1] * v_1 + weights_3[2] * v_2 + weights_3[3] * v_3);
    }
  }

  // Divide by the sum of weights.
  let inverse_0 = select(0.0, 1.0 / total_0, total_0 > 0.0);
  let inverse_1 = select(0.0, 1.0 / total_1, total_1 > 0.0);
  let inverse_2 = select(0.0, 1.0 / total_2, total_2 > 0.0);
  let inverse_3 = select(0.0, 1.0 / total_3, total_3 > 0.0);
  for (var quad = 0u; quad < sizes.quads; quad++) {
    output[quad * 4u + 0u] *= inverse_0;
    output[quad * 4u + 1u] *= inverse_1;
    output[quad * 4u + 2u] *= inverse_2;
    output[quad * 4u + 3u] *= inverse_3;
  }

  // Store.
  for (var quad = 0u; quad < sizes.quads; quad++) {
    if (first_token + 0u < sizes.tokens) { write_y(batch * sizes.tokens + first_token + 0u, 0u, head, quad, output[quad * 4u + 0u]); }
    if (first_token + 1u < sizes.tokens) { write_y(batch * sizes.tokens + first_token + 1u, 0u, head, quad, output[quad * 4u + 1u]); }
    if (first_token + 2u < sizes.tokens) { write_y(batch * sizes.tokens + first_token + 2u, 0u, head, quad, output[quad * 4u + 2u]); }
    if (first_token + 3u < sizes.tokens) { write_y(batch * sizes.tokens + first_token + 3u, 0u, head, quad, output[quad * 4u + 3u]); }
  }
}
