// Kernel cross-attention-nasa, dispatched in 8 x 4 x 1 workgroups.
struct Sizes { tokens: u32, head_size: u32, quads: u32, capacity: u32, negative_capacity: u32, q_stride: u32, q_offset: u32, q_head: u32, k_stride: u32, k_offset: u32, k_head: u32, v_stride: u32, v_offset: u32, v_head: u32, negative_k_stride: u32, negative_k_offset: u32, negative_k_head: u32, negative_v_stride: u32, negative_v_offset: u32, negative_v_head: u32, y_stride: u32, y_channels: u32, negative_signs: u32, negative_offset: u32, scale: f32 }
@group(0) @binding(7) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
fn load_q(index: u32) -> vec4<f32> { return q[index]; }
@group(0) @binding(1) var<storage, read> k: array<vec4<f32>>;
fn load_k(index: u32) -> vec4<f32> { return k[index]; }
@group(0) @binding(2) var<storage, read> v: array<vec4<f32>>;
fn load_v(index: u32) -> vec4<f32> { return v[index]; }
@group(0) @binding(3) var<storage, read> negative_k: array<vec4<f32>>;
fn load_negative_k(index: u32) -> vec4<f32> { return negative_k[index]; }
@group(0) @binding(4) var<storage, read> negative_v: array<vec4<f32>>;
fn load_negative_v(index: u32) -> vec4<f32> { return negative_v[index]; }
@group(0) @binding(5) var<storage, read> steering: array<f32>;
fn load_steering(index: u32) -> f32 { return steering[index]; }
@group(0) @binding(6) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }

fn quad_q(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_q(row * sizes.q_stride + (sizes.q_offset + head * sizes.q_head) + quad); }
fn quad_k(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_k(row * sizes.k_stride + (sizes.k_offset + head * sizes.k_head) + quad); }
fn quad_v(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_v(row * sizes.v_stride + (sizes.v_offset + head * sizes.v_head) + quad); }
fn quad_negative_k(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_negative_k(row * sizes.negative_k_stride + (sizes.negative_k_offset + head * sizes.negative_k_head) + quad); }
fn quad_negative_v(row: u32, head: u32, quad: u32) -> vec4<f32> { return load_negative_v(row * sizes.negative_v_stride + (sizes.negative_v_offset + head * sizes.negative_v_head) + quad); }
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

var<private> output: array<vec4<f32>, 64>; // [quad][query]
var<private> kept: array<vec4<f32>, 64>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let head = group.y;
  let batch = group.z;
  // Without negative keys, or with weight 0, there is one branch.
  let positive_keys = min(u32(load_steering(0u)), sizes.capacity);
  let negative_keys = min(u32(load_steering(1u)), sizes.negative_capacity);
  let weight = load_steering(2u);
  let branches = select(1u, 2u, negative_keys > 0u && weight != 0.0);
  // This thread's queries. Past the end, the last token is computed again.
  let first_token = (group.x * 8u + thread) * 4u;
  let row_0 = batch * sizes.tokens + min(first_token + 0u, sizes.tokens - 1u);
  let row_1 = batch * sizes.tokens + min(first_token + 1u, sizes.tokens - 1u);
  let row_2 = batch * sizes.tokens + min(first_token + 2u, sizes.tokens - 1u);
  let row_3 = batch * sizes.tokens + min(first_token + 3u, sizes.tokens - 1u);
  for (var branch = 0u; branch < branches; branch++) {
    let key_end = select(negative_keys, positive_keys, branch == 0u);
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
        var k_0: vec4<f32>;
        var k_1: vec4<f32>;
        var k_2: vec4<f32>;
        var k_3: vec4<f32>;
        if (branch == 0u) {
          k_0 = quad_k(key_0, head, quad);
          k_1 = quad_k(key_1, head, quad);
          k_2 = quad_k(key_2, head, quad);
          k_3 = quad_k(key_3, head, quad);
        } else {
          k_0 = quad_negative_k(key_0, head, quad);
          k_1 = quad_negative_k(key_1, head, quad);
          k_2 = quad_negative_k(key_2, head, quad);
          k_3 = quad_negative_k(key_3, head, quad);
        }
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
      let factors = signs_of(branch, first_key);
      scores_0 = select(vec4<f32>(-3.0e38), scores_0 * sizes.scale, keys < vec4<u32>(key_end));
      let new_maximum_0 = max(maximum_0, max(max(scores_0.x, scores_0.y), max(scores_0.z, scores_0.w)));
      let shrink_0 = exp2(maximum_0 - new_maximum_0);
      var weights_0 = exp2(scores_0 - new_maximum_0);
      maximum_0 = new_maximum_0;
      total_0 = total_0 * shrink_0 + (weights_0.x + weights_0.y + weights_0.z + weights_0.w);
      weights_0 *= factors;
      scores_1 = select(vec4<f32>(-3.0e38), scores_1 * sizes.scale, keys < vec4<u32>(key_end));
      let new_maximum_1 = max(maximum_1, max(max(scores_1.x, scores_1.y), max(scores_1.z, scores_1.w)));
      let shrink_1 = exp2(maximum_1 - new_maximum_1);
      var weights_1 = exp2(scores_1 - new_maximum_1);
      maximum_1 = new_maximum_1;
      total_1 = total_1 * shrink_1 + (weights_1.x + weights_1.y + weights_1.z + weights_1.w);
      weights_1 *= factors;
      scores_2 = select(vec4<f32>(-3.0e38), scores_2 * sizes.scale, keys < vec4<u32>(key_end));
      let new_maximum_2 = max(maximum_2, max(max(scores_2.x, scores_2.y), max(scores_2.z, scores_2.w)));
      let shrink_2 = exp2(maximum_2 - new_maximum_2);
      var weights_2 = exp2(scores_2 - new_maximum_2);
      maximum_2 = new_maximum_2;
      total_2 = total_2 * shrink_2 + (weights_2.x + weights_2.y + weights_2.z + weights_2.w);
      weights_2 *= factors;
      scores_3 = select(vec4<f32>(-3.0e38), scores_3 * sizes.scale, keys < vec4<u32>(key_end));
      let new_maximum_3 = max(maximum_3, max(max(scores_3.x, scores_3.y), max(scores_3.z, scores_3.w)));
      let shrink_3 = exp2(maximum_3 - new_maximum_3);
      var weights_3 = exp2(scores_3 - new_maximum_3);
      maximum_3 = new_maximum_3;
      total_3 = total_3 * shrink_3 + (weights_3.x + weights_3.y + weights_3.z + weights_3.w);
      weights_3 *= factors;
      // Output: the weighted sum of values.
      for (var quad = 0u; quad < sizes.quads; quad++) {
        var v_0: vec4<f32>;
        var v_1: vec4<f32>;
        var v_2: vec4<f32>;
        var v_3: vec4<f32>;
        if (branch == 0u) {
          v_0 = quad_v(key_0, head, quad);
          v_1 = quad_v(key_1, head, quad);
          v_2 = quad_v(key_2, head, quad);
          v_3 = quad_v(key_3, head, quad);
        } else {
          v_0 = quad_negative_v(key_0, head, quad);
          v_1 = quad_negative_v(key_1, head, quad);
          v_2 = quad_negative_v(key_2, head, quad);
          v_3 = quad_negative_v(key_3, head, quad);
        }
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
    if (branch == 0u) {
      for (var quad = 0u; quad < sizes.quads; quad++) {
        if (first_token + 0u < sizes.tokens) { kept[quad * 4u + 0u] = output[quad * 4u + 0u]; }
        if (first_token + 1u < sizes.tokens) { kept[quad * 4u + 1u] = output[quad * 4u + 1u]; }
        if (first_token + 2u < sizes.tokens) { kept[quad * 4u + 2u] = output[quad * 4u + 2u]; }
        if (first_token + 3u < sizes.tokens) { kept[quad * 4u + 3u] = output[quad * 4u + 3u]; }
      }
    } else {
      for (var quad = 0u; quad < sizes.quads; quad++) {
        if (first_token + 0u < sizes.tokens) { kept[quad * 4u + 0u] -= weight * output[quad * 4u + 0u]; }
        if (first_token + 1u < sizes.tokens) { kept[quad * 4u + 1u] -= weight * output[quad * 4u + 1u]; }
        if (first_token + 2u < sizes.tokens) { kept[quad * 4u + 2u] -= weight * output[quad * 4u + 2u]; }
        if (first_token + 3u < sizes.tokens) { kept[quad * 4u + 3u] -= weight * output[quad * 4u + 3u]; }
      }
    }
  }
  // Store.
  for (var quad = 0u; quad < sizes.quads; quad++) {
    if (first_token + 0u < sizes.tokens) { write_y(batch * sizes.tokens + first_token + 0u, 0u, head, quad, kept[quad * 4u + 0u]); }
    if (first_token + 1u < sizes.tokens) { write_y(batch * sizes.tokens + first_token + 1u, 0u, head, quad, kept[quad * 4u + 1u]); }
    if (first_token + 2u < sizes.tokens) { write_y(batch * sizes.tokens + first_token + 2u, 0u, head, quad, kept[quad * 4u + 2u]); }
    if (first_token + 3u < sizes.tokens) { write_y(batch * sizes.tokens + first_token + 3u, 0u, head, quad, kept[quad * 4u + 3u]); }
  }
}
