// Kernel cross-attention-branches, dispatched in 8 x 4 x 1 workgroups.
enable f16;

struct Sizes { tokens: u32, headSize: u32, quads: u32, capacity: u32, negativeCapacity: u32, qStride: u32, qOffset: u32, qHead: u32, kStride: u32, kOffset: u32, kHead: u32, vStride: u32, vOffset: u32, vHead: u32, negativeKStride: u32, negativeKOffset: u32, negativeKHead: u32, negativeVStride: u32, negativeVOffset: u32, negativeVHead: u32, yStride: u32, yChannels: u32, negativeOffset: u32, scale: f32 }
@group(0) @binding(7) var<uniform> sizes: Sizes;

@group(0) @binding(0) var<storage, read> q: array<vec4<f16>>;
fn load_q(index: u32) -> vec4<f32> { return vec4<f32>(q[index]); }
@group(0) @binding(1) var<storage, read> k: array<vec4<f16>>;
fn load_k(index: u32) -> vec4<f32> { return vec4<f32>(k[index]); }
@group(0) @binding(2) var<storage, read> v: array<vec4<f16>>;
fn load_v(index: u32) -> vec4<f32> { return vec4<f32>(v[index]); }
@group(0) @binding(3) var<storage, read> negative_k: array<vec4<f16>>;
fn load_negative_k(index: u32) -> vec4<f32> { return vec4<f32>(negative_k[index]); }
@group(0) @binding(4) var<storage, read> negative_v: array<vec4<f16>>;
fn load_negative_v(index: u32) -> vec4<f32> { return vec4<f32>(negative_v[index]); }
@group(0) @binding(5) var<storage, read> steering: array<f32>;
fn load_steering(index: u32) -> f32 { return steering[index]; }
@group(0) @binding(6) var<storage, read_write> y: array<vec4<f16>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = vec4<f16>(value); }


fn quad_q(row: u32, head: u32, c: u32) -> vec4<f32> { return load_q(row * sizes.qStride + sizes.qOffset + head * sizes.qHead + c); }
fn quad_k(row: u32, head: u32, c: u32) -> vec4<f32> { return load_k(row * sizes.kStride + sizes.kOffset + head * sizes.kHead + c); }
fn quad_v(row: u32, head: u32, c: u32) -> vec4<f32> { return load_v(row * sizes.vStride + sizes.vOffset + head * sizes.vHead + c); }
fn quad_negative_k(row: u32, head: u32, c: u32) -> vec4<f32> { return load_negative_k(row * sizes.negativeKStride + sizes.negativeKOffset + head * sizes.negativeKHead + c); }
fn quad_negative_v(row: u32, head: u32, c: u32) -> vec4<f32> { return load_negative_v(row * sizes.negativeVStride + sizes.negativeVOffset + head * sizes.negativeVHead + c); }
fn write_y(row: u32, offset: u32, head: u32, c: u32, value: vec4<f32>) { store_y(row * sizes.yStride + offset + head * sizes.quads + c, value); }

fn key_quad(branch: u32, batch: u32, key: u32, head: u32, c: u32) -> vec4<f32> {
  if (branch == 0u) { return quad_k(batch * sizes.capacity + key, head, c); }
  return quad_negative_k(batch * sizes.negativeCapacity + key, head, c);
}
fn value_quad(branch: u32, batch: u32, key: u32, head: u32, c: u32) -> vec4<f32> {
  if (branch == 0u) { return quad_v(batch * sizes.capacity + key, head, c); }
  return quad_negative_v(batch * sizes.negativeCapacity + key, head, c);
}

var<private> output: array<vec4<f32>, 64>; // [quad][query]


@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let head = id.y;
  let batch = id.z;
  let positiveKeys = min(u32(load_steering(0u)), sizes.capacity);
  let negativeKeys = min(u32(load_steering(1u)), sizes.negativeCapacity);
  let weight = load_steering(3u);
  let branches = select(1u, 2u, negativeKeys > 0u && weight != 0.0);

  let first = (id.x * 8u + local) * 4u;
  let row0 = batch * sizes.tokens + min(first + 0u, sizes.tokens - 1u);
  let row1 = batch * sizes.tokens + min(first + 1u, sizes.tokens - 1u);
  let row2 = batch * sizes.tokens + min(first + 2u, sizes.tokens - 1u);
  let row3 = batch * sizes.tokens + min(first + 3u, sizes.tokens - 1u);

  for (var branch = 0u; branch < branches; branch++) {
    let keyEnd = select(negativeKeys, positiveKeys, branch == 0u);

  for (var c = 0u; c < sizes.quads * 4u; c++) { output[c] = vec4<f32>(0.0); }
  var m0 = -3.0e38; var l0 = 0.0;
  var m1 = -3.0e38; var l1 = 0.0;
  var m2 = -3.0e38; var l2 = 0.0;
  var m3 = -3.0e38; var l3 = 0.0;
  for (var start = 0u; start < keyEnd; start += 4u) {
    let key0 = min(start + 0u, keyEnd - 1u);
    let key1 = min(start + 1u, keyEnd - 1u);
    let key2 = min(start + 2u, keyEnd - 1u);
    let key3 = min(start + 3u, keyEnd - 1u);
    var s0 = vec4<f32>(0.0);
    var s1 = vec4<f32>(0.0);
    var s2 = vec4<f32>(0.0);
    var s3 = vec4<f32>(0.0);
    for (var c = 0u; c < sizes.quads; c++) {
      let k0 = key_quad(branch, batch, key0, head, c);
      let k1 = key_quad(branch, batch, key1, head, c);
      let k2 = key_quad(branch, batch, key2, head, c);
      let k3 = key_quad(branch, batch, key3, head, c);
      let q0 = quad_q(row0, head, c);
      s0 += vec4<f32>(dot(q0, k0), dot(q0, k1), dot(q0, k2), dot(q0, k3));
      let q1 = quad_q(row1, head, c);
      s1 += vec4<f32>(dot(q1, k0), dot(q1, k1), dot(q1, k2), dot(q1, k3));
      let q2 = quad_q(row2, head, c);
      s2 += vec4<f32>(dot(q2, k0), dot(q2, k1), dot(q2, k2), dot(q2, k3));
      let q3 = quad_q(row3, head, c);
      s3 += vec4<f32>(dot(q3, k0), dot(q3, k1), dot(q3, k2), dot(q3, k3));
    }
    let keys = vec4<u32>(start) + vec4<u32>(0u, 1u, 2u, 3u);

    s0 = select(vec4<f32>(-3.0e38), s0 * sizes.scale, keys < vec4<u32>(keyEnd));
    let new0 = max(m0, max(max(s0.x, s0.y), max(s0.z, s0.w)));
    let shrink0 = exp2(m0 - new0);
    let p0 = exp2(s0 - new0);
    m0 = new0;
    l0 = l0 * shrink0 + (p0.x + p0.y + p0.z + p0.w);

    s1 = select(vec4<f32>(-3.0e38), s1 * sizes.scale, keys < vec4<u32>(keyEnd));
    let new1 = max(m1, max(max(s1.x, s1.y), max(s1.z, s1.w)));
    let shrink1 = exp2(m1 - new1);
    let p1 = exp2(s1 - new1);
    m1 = new1;
    l1 = l1 * shrink1 + (p1.x + p1.y + p1.z + p1.w);

    s2 = select(vec4<f32>(-3.0e38), s2 * sizes.scale, keys < vec4<u32>(keyEnd));
    let new2 = max(m2, max(max(s2.x, s2.y), max(s2.z, s2.w)));
    let shrink2 = exp2(m2 - new2);
    let p2 = exp2(s2 - new2);
    m2 = new2;
    l2 = l2 * shrink2 + (p2.x + p2.y + p2.z + p2.w);

    s3 = select(vec4<f32>(-3.0e38), s3 * sizes.scale, keys < vec4<u32>(keyEnd));
    let new3 = max(m3, max(max(s3.x, s3.y), max(s3.z, s3.w)));
    let shrink3 = exp2(m3 - new3);
    let p3 = exp2(s3 - new3);
    m3 = new3;
    l3 = l3 * shrink3 + (p3.x + p3.y + p3.z + p3.w);
    for (var c = 0u; c < sizes.quads; c++) {
      let v0 = value_quad(branch, batch, key0, head, c);
      let v1 = value_quad(branch, batch, key1, head, c);
      let v2 = value_quad(branch, batch, key2, head, c);
      let v3 = value_quad(branch, batch, key3, head, c);
      output[c * 4u + 0u] = output[c * 4u + 0u] * shrink0 + (p0[0] * v0 + p0[1] * v1 + p0[2] * v2 + p0[3] * v3);
      output[c * 4u + 1u] = output[c * 4u + 1u] * shrink1 + (p1[0] * v0 + p1[1] * v1 + p1[2] * v2 + p1[3] * v3);
      output[c * 4u + 2u] = output[c * 4u + 2u] * shrink2 + (p2[0] * v0 + p2[1] * v1 + p2[2] * v2 + p2[3] * v3);
      output[c * 4u + 3u] = output[c * 4u + 3u] * shrink3 + (p3[0] * v0 + p3[1] * v1 + p3[2] * v2 + p3[3] * v3);
    }
  }
  let inverse0 = select(0.0, 1.0 / l0, l0 > 0.0);
  let inverse1 = select(0.0, 1.0 / l1, l1 > 0.0);
  let inverse2 = select(0.0, 1.0 / l2, l2 > 0.0);
  let inverse3 = select(0.0, 1.0 / l3, l3 > 0.0);
  for (var c = 0u; c < sizes.quads; c++) {
    output[c * 4u + 0u] *= inverse0;
    output[c * 4u + 1u] *= inverse1;
    output[c * 4u + 2u] *= inverse2;
    output[c * 4u + 3u] *= inverse3;
  }

  for (var c = 0u; c < sizes.quads; c++) {
    if (first + 0u < sizes.tokens) { write_y(batch * sizes.tokens + first + 0u, branch * sizes.negativeOffset, head, c, output[c * 4u + 0u]); }
    if (first + 1u < sizes.tokens) { write_y(batch * sizes.tokens + first + 1u, branch * sizes.negativeOffset, head, c, output[c * 4u + 1u]); }
    if (first + 2u < sizes.tokens) { write_y(batch * sizes.tokens + first + 2u, branch * sizes.negativeOffset, head, c, output[c * 4u + 2u]); }
    if (first + 3u < sizes.tokens) { write_y(batch * sizes.tokens + first + 3u, branch * sizes.negativeOffset, head, c, output[c * 4u + 3u]); }
  }
    if (branches == 1u) {

  for (var c = 0u; c < sizes.quads; c++) {
    if (first + 0u < sizes.tokens) { write_y(batch * sizes.tokens + first + 0u, sizes.negativeOffset, head, c, output[c * 4u + 0u]); }
    if (first + 1u < sizes.tokens) { write_y(batch * sizes.tokens + first + 1u, sizes.negativeOffset, head, c, output[c * 4u + 1u]); }
    if (first + 2u < sizes.tokens) { write_y(batch * sizes.tokens + first + 2u, sizes.negativeOffset, head, c, output[c * 4u + 2u]); }
    if (first + 3u < sizes.tokens) { write_y(batch * sizes.tokens + first + 3u, sizes.negativeOffset, head, c, output[c * 4u + 3u]); }
  }
    }
  }
}

