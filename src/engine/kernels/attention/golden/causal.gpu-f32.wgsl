// Kernel attention, dispatched in 3 x 16 x 1 workgroups.
struct Sizes { tokens: u32, headSize: u32, quads: u32, keys: u32, qStride: u32, qOffset: u32, qHead: u32, kStride: u32, kOffset: u32, kHead: u32, vStride: u32, vOffset: u32, vHead: u32, yStride: u32, yChannels: u32, scale: f32 }
const sizes = Sizes(
  77u, // tokens
  32u, // headSize
  8u, // quads
  77u, // keys
  128u, // qStride
  0u, // qOffset
  8u, // qHead
  128u, // kStride
  0u, // kOffset
  8u, // kHead
  128u, // vStride
  0u, // vOffset
  8u, // vHead
  128u, // yStride
  512u, // yChannels
  0.255034863948822f, // scale
);

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
fn load_q(index: u32) -> vec4<f32> { return q[index]; }
@group(0) @binding(1) var<storage, read> k: array<vec4<f32>>;
fn load_k(index: u32) -> vec4<f32> { return k[index]; }
@group(0) @binding(2) var<storage, read> v: array<vec4<f32>>;
fn load_v(index: u32) -> vec4<f32> { return v[index]; }
@group(0) @binding(3) var<storage, read_write> y: array<vec4<f32>>;
fn store_y(index: u32, value: vec4<f32>) { y[index] = value; }


fn quad_q(row: u32, head: u32, c: u32) -> vec4<f32> { return load_q(row * sizes.qStride + sizes.qOffset + head * sizes.qHead + c); }
fn quad_k(row: u32, head: u32, c: u32) -> vec4<f32> { return load_k(row * sizes.kStride + sizes.kOffset + head * sizes.kHead + c); }
fn quad_v(row: u32, head: u32, c: u32) -> vec4<f32> { return load_v(row * sizes.vStride + sizes.vOffset + head * sizes.vHead + c); }
fn write_y(row: u32, offset: u32, head: u32, c: u32, value: vec4<f32>) { store_y(row * sizes.yStride + offset + head * sizes.quads + c, value); }


const INVOCATIONS = 64u;
var<workgroup> staged_q: array<vec4<f32>, 288>;
var<workgroup> staged: array<vec4<f32>, 288>; // keys, then values
var<workgroup> probabilities: array<vec4<f32>, 256>; // [query][key / 4]
var<workgroup> partial: array<f32, 256>; // [query][column]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let head = id.y;
  let batch = id.z;

  let column = local % 8u;
  let first = local / 8u;
  let token0 = id.x * 32u;
  var o0_0 = vec4<f32>(0.0);
  var o1_0 = vec4<f32>(0.0);
  var o2_0 = vec4<f32>(0.0);
  var o3_0 = vec4<f32>(0.0);

    for (var i = local; i < 256u; i += INVOCATIONS) {
      let row = i / 8u;
      let c = 0u + i % 8u;
      var quad = vec4<f32>(0.0);
      if (token0 + row < sizes.tokens && c < 8u) { quad = quad_q(batch * sizes.tokens + token0 + row, head, c); }
      staged_q[row * 9u + i % 8u] = quad;
    }
  let keyEnd = min(sizes.keys, (id.x + 1u) * 32u);

  var m0 = -3.0e38; var l0 = 0.0;
  var m1 = -3.0e38; var l1 = 0.0;
  var m2 = -3.0e38; var l2 = 0.0;
  var m3 = -3.0e38; var l3 = 0.0;
  o0_0 = vec4<f32>(0.0);
  o1_0 = vec4<f32>(0.0);
  o2_0 = vec4<f32>(0.0);
  o3_0 = vec4<f32>(0.0);
  for (var start = 0u; start < keyEnd; start += 32u) {
    var s0 = vec4<f32>(0.0);
    var s1 = vec4<f32>(0.0);
    var s2 = vec4<f32>(0.0);
    var s3 = vec4<f32>(0.0);

    for (var i = local; i < 256u; i += INVOCATIONS) {
      let row = i / 8u;
      let key = start + (row % 8u) * 4u + row / 8u;
      let c = 0u + i % 8u;
      var quad = vec4<f32>(0.0);
      if (key < keyEnd && c < 8u) { quad = quad_k(batch * sizes.keys + key, head, c); }
      staged[row * 9u + i % 8u] = quad;
    }
    workgroupBarrier();
    for (var c = 0u; c < sizes.quads; c++) {
      let k0 = staged[(0u + column) * 9u + c];
      let k1 = staged[(8u + column) * 9u + c];
      let k2 = staged[(16u + column) * 9u + c];
      let k3 = staged[(24u + column) * 9u + c];
      let q0 = staged_q[(first + 0u) * 9u + c];
      let q1 = staged_q[(first + 8u) * 9u + c];
      let q2 = staged_q[(first + 16u) * 9u + c];
      let q3 = staged_q[(first + 24u) * 9u + c];
      s0.x = fma(q0.w, k0.w, fma(q0.z, k0.z, fma(q0.y, k0.y, fma(q0.x, k0.x, s0.x))));
      s0.y = fma(q0.w, k1.w, fma(q0.z, k1.z, fma(q0.y, k1.y, fma(q0.x, k1.x, s0.y))));
      s0.z = fma(q0.w, k2.w, fma(q0.z, k2.z, fma(q0.y, k2.y, fma(q0.x, k2.x, s0.z))));
      s0.w = fma(q0.w, k3.w, fma(q0.z, k3.z, fma(q0.y, k3.y, fma(q0.x, k3.x, s0.w))));
      s1.x = fma(q1.w, k0.w, fma(q1.z, k0.z, fma(q1.y, k0.y, fma(q1.x, k0.x, s1.x))));
      s1.y = fma(q1.w, k1.w, fma(q1.z, k1.z, fma(q1.y, k1.y, fma(q1.x, k1.x, s1.y))));
      s1.z = fma(q1.w, k2.w, fma(q1.z, k2.z, fma(q1.y, k2.y, fma(q1.x, k2.x, s1.z))));
      s1.w = fma(q1.w, k3.w, fma(q1.z, k3.z, fma(q1.y, k3.y, fma(q1.x, k3.x, s1.w))));
      s2.x = fma(q2.w, k0.w, fma(q2.z, k0.z, fma(q2.y, k0.y, fma(q2.x, k0.x, s2.x))));
      s2.y = fma(q2.w, k1.w, fma(q2.z, k1.z, fma(q2.y, k1.y, fma(q2.x, k1.x, s2.y))));
      s2.z = fma(q2.w, k2.w, fma(q2.z, k2.z, fma(q2.y, k2.y, fma(q2.x, k2.x, s2.z))));
      s2.w = fma(q2.w, k3.w, fma(q2.z, k3.z, fma(q2.y, k3.y, fma(q2.x, k3.x, s2.w))));
      s3.x = fma(q3.w, k0.w, fma(q3.z, k0.z, fma(q3.y, k0.y, fma(q3.x, k0.x, s3.x))));
      s3.y = fma(q3.w, k1.w, fma(q3.z, k1.z, fma(q3.y, k1.y, fma(q3.x, k1.x, s3.y))));
      s3.z = fma(q3.w, k2.w, fma(q3.z, k2.z, fma(q3.y, k2.y, fma(q3.x, k2.x, s3.z))));
      s3.w = fma(q3.w, k3.w, fma(q3.z, k3.z, fma(q3.y, k3.y, fma(q3.x, k3.x, s3.w))));
    }

    let keys = vec4<u32>(start + column * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    s0 = select(vec4<f32>(-3.0e38), s0 * sizes.scale, keys < vec4<u32>(min(keyEnd, token0 + first + 1u)));
    s1 = select(vec4<f32>(-3.0e38), s1 * sizes.scale, keys < vec4<u32>(min(keyEnd, token0 + first + 9u)));
    s2 = select(vec4<f32>(-3.0e38), s2 * sizes.scale, keys < vec4<u32>(min(keyEnd, token0 + first + 17u)));
    s3 = select(vec4<f32>(-3.0e38), s3 * sizes.scale, keys < vec4<u32>(min(keyEnd, token0 + first + 25u)));
    partial[(first + 0u) * 8u + column] = max(max(s0.x, s0.y), max(s0.z, s0.w));
    partial[(first + 8u) * 8u + column] = max(max(s1.x, s1.y), max(s1.z, s1.w));
    partial[(first + 16u) * 8u + column] = max(max(s2.x, s2.y), max(s2.z, s2.w));
    partial[(first + 24u) * 8u + column] = max(max(s3.x, s3.y), max(s3.z, s3.w));
    workgroupBarrier();

    let new0 = max(max(max(max(max(max(max(max(m0, partial[(first + 0u) * 8u + 0u]), partial[(first + 0u) * 8u + 1u]), partial[(first + 0u) * 8u + 2u]), partial[(first + 0u) * 8u + 3u]), partial[(first + 0u) * 8u + 4u]), partial[(first + 0u) * 8u + 5u]), partial[(first + 0u) * 8u + 6u]), partial[(first + 0u) * 8u + 7u]);
    let shrink0 = exp2(m0 - new0);
    let p0 = exp2(s0 - new0);
    m0 = new0;
    l0 = l0 * shrink0 + (p0.x + p0.y + p0.z + p0.w);
    probabilities[(first + 0u) * 8u + column] = p0;
    o0_0 *= shrink0;

    let new1 = max(max(max(max(max(max(max(max(m1, partial[(first + 8u) * 8u + 0u]), partial[(first + 8u) * 8u + 1u]), partial[(first + 8u) * 8u + 2u]), partial[(first + 8u) * 8u + 3u]), partial[(first + 8u) * 8u + 4u]), partial[(first + 8u) * 8u + 5u]), partial[(first + 8u) * 8u + 6u]), partial[(first + 8u) * 8u + 7u]);
    let shrink1 = exp2(m1 - new1);
    let p1 = exp2(s1 - new1);
    m1 = new1;
    l1 = l1 * shrink1 + (p1.x + p1.y + p1.z + p1.w);
    probabilities[(first + 8u) * 8u + column] = p1;
    o1_0 *= shrink1;

    let new2 = max(max(max(max(max(max(max(max(m2, partial[(first + 16u) * 8u + 0u]), partial[(first + 16u) * 8u + 1u]), partial[(first + 16u) * 8u + 2u]), partial[(first + 16u) * 8u + 3u]), partial[(first + 16u) * 8u + 4u]), partial[(first + 16u) * 8u + 5u]), partial[(first + 16u) * 8u + 6u]), partial[(first + 16u) * 8u + 7u]);
    let shrink2 = exp2(m2 - new2);
    let p2 = exp2(s2 - new2);
    m2 = new2;
    l2 = l2 * shrink2 + (p2.x + p2.y + p2.z + p2.w);
    probabilities[(first + 16u) * 8u + column] = p2;
    o2_0 *= shrink2;

    let new3 = max(max(max(max(max(max(max(max(m3, partial[(first + 24u) * 8u + 0u]), partial[(first + 24u) * 8u + 1u]), partial[(first + 24u) * 8u + 2u]), partial[(first + 24u) * 8u + 3u]), partial[(first + 24u) * 8u + 4u]), partial[(first + 24u) * 8u + 5u]), partial[(first + 24u) * 8u + 6u]), partial[(first + 24u) * 8u + 7u]);
    let shrink3 = exp2(m3 - new3);
    let p3 = exp2(s3 - new3);
    m3 = new3;
    l3 = l3 * shrink3 + (p3.x + p3.y + p3.z + p3.w);
    probabilities[(first + 24u) * 8u + column] = p3;
    o3_0 *= shrink3;

    for (var i = local; i < 256u; i += INVOCATIONS) {
      let key = start + 0u + i / 8u;
      var quad = vec4<f32>(0.0);
      if (key < keyEnd) { quad = quad_v(batch * sizes.keys + key, head, i % 8u); }
      staged[(i / 8u) * 8u + i % 8u] = quad;
    }
    workgroupBarrier();
    for (var r = 0u; r < 8u; r++) {
      let p0 = probabilities[(first + 0u) * 8u + (0u) / 4u + r];
      let p1 = probabilities[(first + 8u) * 8u + (0u) / 4u + r];
      let p2 = probabilities[(first + 16u) * 8u + (0u) / 4u + r];
      let p3 = probabilities[(first + 24u) * 8u + (0u) / 4u + r];
      let v0_0 = staged[(r * 4u + 0u) * 8u + 0u + column];
      o0_0 = fma(vec4<f32>(p0.x), v0_0, o0_0);
      o1_0 = fma(vec4<f32>(p1.x), v0_0, o1_0);
      o2_0 = fma(vec4<f32>(p2.x), v0_0, o2_0);
      o3_0 = fma(vec4<f32>(p3.x), v0_0, o3_0);
      let v1_0 = staged[(r * 4u + 1u) * 8u + 0u + column];
      o0_0 = fma(vec4<f32>(p0.y), v1_0, o0_0);
      o1_0 = fma(vec4<f32>(p1.y), v1_0, o1_0);
      o2_0 = fma(vec4<f32>(p2.y), v1_0, o2_0);
      o3_0 = fma(vec4<f32>(p3.y), v1_0, o3_0);
      let v2_0 = staged[(r * 4u + 2u) * 8u + 0u + column];
      o0_0 = fma(vec4<f32>(p0.z), v2_0, o0_0);
      o1_0 = fma(vec4<f32>(p1.z), v2_0, o1_0);
      o2_0 = fma(vec4<f32>(p2.z), v2_0, o2_0);
      o3_0 = fma(vec4<f32>(p3.z), v2_0, o3_0);
      let v3_0 = staged[(r * 4u + 3u) * 8u + 0u + column];
      o0_0 = fma(vec4<f32>(p0.w), v3_0, o0_0);
      o1_0 = fma(vec4<f32>(p1.w), v3_0, o1_0);
      o2_0 = fma(vec4<f32>(p2.w), v3_0, o2_0);
      o3_0 = fma(vec4<f32>(p3.w), v3_0, o3_0);
    }
    workgroupBarrier();
  }
  partial[(first + 0u) * 8u + column] = l0;
  partial[(first + 8u) * 8u + column] = l1;
  partial[(first + 16u) * 8u + column] = l2;
  partial[(first + 24u) * 8u + column] = l3;
  workgroupBarrier();
  let sum0 = partial[(first + 0u) * 8u + 0u] + partial[(first + 0u) * 8u + 1u] + partial[(first + 0u) * 8u + 2u] + partial[(first + 0u) * 8u + 3u] + partial[(first + 0u) * 8u + 4u] + partial[(first + 0u) * 8u + 5u] + partial[(first + 0u) * 8u + 6u] + partial[(first + 0u) * 8u + 7u];
  let inverse0 = select(0.0, 1.0 / sum0, sum0 > 0.0);
  let sum1 = partial[(first + 8u) * 8u + 0u] + partial[(first + 8u) * 8u + 1u] + partial[(first + 8u) * 8u + 2u] + partial[(first + 8u) * 8u + 3u] + partial[(first + 8u) * 8u + 4u] + partial[(first + 8u) * 8u + 5u] + partial[(first + 8u) * 8u + 6u] + partial[(first + 8u) * 8u + 7u];
  let inverse1 = select(0.0, 1.0 / sum1, sum1 > 0.0);
  let sum2 = partial[(first + 16u) * 8u + 0u] + partial[(first + 16u) * 8u + 1u] + partial[(first + 16u) * 8u + 2u] + partial[(first + 16u) * 8u + 3u] + partial[(first + 16u) * 8u + 4u] + partial[(first + 16u) * 8u + 5u] + partial[(first + 16u) * 8u + 6u] + partial[(first + 16u) * 8u + 7u];
  let inverse2 = select(0.0, 1.0 / sum2, sum2 > 0.0);
  let sum3 = partial[(first + 24u) * 8u + 0u] + partial[(first + 24u) * 8u + 1u] + partial[(first + 24u) * 8u + 2u] + partial[(first + 24u) * 8u + 3u] + partial[(first + 24u) * 8u + 4u] + partial[(first + 24u) * 8u + 5u] + partial[(first + 24u) * 8u + 6u] + partial[(first + 24u) * 8u + 7u];
  let inverse3 = select(0.0, 1.0 / sum3, sum3 > 0.0);
  o0_0 *= inverse0;
  o1_0 *= inverse1;
  o2_0 *= inverse2;
  o3_0 *= inverse3;

  if (token0 + first + 0u < sizes.tokens) {
    write_y(batch * sizes.tokens + token0 + first + 0u, 0u, head, column + 0u, o0_0);
  }
  if (token0 + first + 8u < sizes.tokens) {
    write_y(batch * sizes.tokens + token0 + first + 8u, 0u, head, column + 0u, o1_0);
  }
  if (token0 + first + 16u < sizes.tokens) {
    write_y(batch * sizes.tokens + token0 + first + 16u, 0u, head, column + 0u, o2_0);
  }
  if (token0 + first + 24u < sizes.tokens) {
    write_y(batch * sizes.tokens + token0 + first + 24u, 0u, head, column + 0u, o3_0);
  }
}

